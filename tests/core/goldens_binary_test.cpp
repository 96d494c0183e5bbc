// Elementwise functions of several tensors against PyTorch.
#include "goldens.hpp"

using namespace xg_test;

TEST_CASE("elementwise functions of several tensors agree with PyTorch") {
  check_goldens("elementwise_binary", {
                                          {"add", binary<add>},
                                          {"subtract", binary<subtract>},
                                          {"multiply", binary<multiply>},
                                          {"divide", binary<divide>},
                                          {"pow", binary<pow>},
                                          {"atan2", binary<atan2>},
                                          {"hypot", binary<hypot>},
                                          {"xlogy", binary<xlogy>},
                                          {"logaddexp", binary<logaddexp>},
                                          {"fmod", binary<fmod>},
                                          {"remainder", binary<remainder>},
                                          {"maximum", binary<maximum>},
                                          {"minimum", binary<minimum>},
                                          {"equal", binary<equal>},
                                          {"not_equal", binary<not_equal>},
                                          {"less", binary<less>},
                                          {"less_equal", binary<less_equal>},
                                          {"greater", binary<greater>},
                                          {"greater_equal", binary<greater_equal>},
                                          {"logical_and", binary<logical_and>},
                                          {"logical_or", binary<logical_or>},
                                          {"logical_xor", binary<logical_xor>},
                                          {"where", [](auto& x, auto&) { return Tensors{where(x[0], x[1], x[2])}; }},
                                          {"prelu", binary<prelu>},
                                      });
}
