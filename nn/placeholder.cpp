// PLACEHOLDER
namespace xg { int placeholder(); int placeholder2() { return placeholder(); } }
