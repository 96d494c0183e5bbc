// First and second derivatives of x sin x.
#include <xgrad/xgrad.hpp>
using namespace xg;

int main() {
  Tensor x = variable({1.0, 2.0, 3.0}, f64);
  Tensor y = sum(sin(x) * x);
  Tensor slope = grad(y, x, create_graph);  // cos(x) x + sin(x), itself differentiable
  Tensor curvature = grad(sum(slope), x);   // 2 cos(x) - sin(x) x

  return all_close(slope, cos(x) * x + sin(x)) && all_close(curvature, 2 * cos(x) - sin(x) * x) ? 0 : 1;
}
