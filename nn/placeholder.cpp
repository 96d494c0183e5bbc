// The layers land here.
namespace xg::nn {}
