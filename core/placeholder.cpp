// PLACEHOLDER
namespace xg { int placeholder() { return 1; } }
