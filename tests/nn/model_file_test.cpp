// Models saved and loaded: names, values, ties, what does not fit, and what is left unchanged.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "files.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;

namespace {

struct Mlp {
  nn::Linear hidden{2, 3};
  nn::Linear out{3, 2};
  nn::Buffer count = tensor(0, i64);
};

struct Tied {
  nn::Parameter encoder = rand({2, 3});
  nn::Parameter decoder = nn::share(encoder);
};

struct Shared {
  std::shared_ptr<nn::Linear> first = std::make_shared<nn::Linear>(2, 2), second = first;
  std::vector<std::shared_ptr<nn::Linear>> more = std::vector<std::shared_ptr<nn::Linear>>(11, first);
};

/// Holds itself.
struct Ring {
  nn::Linear layer{2, 2};
  std::shared_ptr<Ring> next;
};

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : nn::read_safetensors(path).tensors) names.push_back(name);
  return names;
}

std::vector<float> values_of(const nn::AnyModel& model) {
  std::vector<float> all;
  for (const Tensor& p : nn::parameters(model))
    for (float value : p.to_vector<float>()) all.push_back(value);
  for (const Tensor& b : nn::buffers(model))
    for (float value : b.to_vector<float>()) all.push_back(value);
  return all;
}

std::string complaint(const nn::AnyModel& model, const File& file, const nn::LoadOptions& options = {}) {
  std::vector<float> before = values_of(model);
  std::string message = format_complaint(file, [&](const std::string& path) { nn::load(model, path, options); });
  CHECK((message == "no error" || values_of(model) == before));
  return message;
}

}  // namespace

TEST_CASE("a model comes back, in place") {
  Mlp model, other;
  model.count = tensor(7, i64);
  File file;
  nn::save(model, file.path);
  CHECK(names_in(file.path) ==
        std::vector<std::string>{"count", "hidden.bias", "hidden.weight", "out.bias", "out.weight"});
  CHECK(nn::read_safetensors(file.path).metadata == nn::Metadata{{"format", "pt"}});
  Tensor weight = other.hidden.weight;
  CHECK(nn::load(other, file.path).fits());
  CHECK(values_of(other) == values_of(model));
  CHECK(other.count.item<int>() == 7);
  CHECK(weight.impl().get() == other.hidden.weight.impl().get());  // the leaf that an optimizer holds
  CHECK(weight.requires_grad());
  std::vector<float> saved = values_of(model);
  nn::SGD(nn::parameters(other), {.lr = 1}).step();
  other.hidden.weight = zeros({3, 2});
  CHECK(values_of(model) == saved);
  nn::freeze(other.out);
  nn::load(other, file.path);
  CHECK(values_of(other) == saved);
  CHECK(!other.out.weight.requires_grad());
}

TEST_CASE("f64 models, layers without bias, parameters alone") {
  Mlp model, other;
  nn::to(model, f64);
  nn::to(other, f64);
  File file;
  nn::save(model, file.path);
  nn::load(other, file.path);
  CHECK(all_equal(other.out.weight, model.out.weight));
  nn::Linear bare{2, 2, {.bias = false}};
  nn::save(bare, file.path);
  CHECK(names_in(file.path) == std::vector<std::string>{"weight"});
  CHECK(complaint(nn::Linear{2, 2}, file).find("1 missing\n  file  FILE\n  missing  bias") != std::string::npos);
  nn::Parameter p = tensor({1, 2}), q = tensor({0, 0});
  nn::save(p, file.path);
  nn::load(q, file.path);
  CHECK(q.to_vector() == std::vector<double>{1, 2});
  std::vector<nn::Linear> list{nn::Linear{1, 2}, nn::Linear{2, 1}};
  nn::save(list, file.path);
  CHECK(names_in(file.path) == std::vector<std::string>{"0.bias", "0.weight", "1.bias", "1.weight"});
}

TEST_CASE("everything that does not fit is listed, and nothing changes") {
  Mlp model;
  File file;
  nn::write_safetensors(file.path, {{"hidden.weight", ones({2, 3})},
                                    {"hidden.bias", ones({3}, f64)},
                                    {"out.weight", ones({2, 3})},
                                    {"out.bais", ones({2})},
                                    {"evil\nname", ones({2})}});
  CHECK(complaint(model, file) ==
        "load: the names do not fit: 2 missing, 2 unexpected, 2 mismatched\n"
        "  file  FILE\n"
        "  missing  out.bias\n"
        "  missing  count\n"
        "  unexpected  evil?name\n"
        "  unexpected  out.bais\n"
        "  mismatched  hidden.weight: is f32 (2, 3), wanted f32 (3, 2)\n"
        "  mismatched  hidden.bias: is f64 (3,), wanted f32 (3,)");
  nn::LoadReport report = nn::load(model, file.path, {.partial = true});
  CHECK(!report.fits());
  CHECK(report.missing == std::vector<std::string>{"out.bias", "count"});
  CHECK(report.unexpected == std::vector<std::string>{"evil\nname", "out.bais"});
  CHECK(report.mismatched.size() == 2);
  CHECK(all_equal(model.out.weight, ones({2, 3})));
  CHECK(!all_equal(model.hidden.weight, ones({3, 2})));
}

TEST_CASE("a part of a file") {
  Mlp model;
  File file;
  nn::write_safetensors(file.path, {{"net.weight", ones({3, 2})}, {"net.bias", ones({3})}, {"step", tensor(5)}});
  nn::load(model.hidden, file.path, {.prefix = "net."});
  CHECK(all_equal(model.hidden.weight, ones({3, 2})));
  CHECK(complaint(model.hidden, file).find("missing  weight\n  missing  bias\n  unexpected  net.bias") !=
        std::string::npos);
}

TEST_CASE("tied tensors are saved once and loaded by any of their names") {
  Tied model, other;
  File file;
  nn::save(model, file.path);
  CHECK(names_in(file.path) == std::vector<std::string>{"encoder"});
  nn::load(other, file.path);
  CHECK(all_equal(other.decoder, model.encoder));
  nn::write_safetensors(file.path, {{"decoder", ones({2, 3})}});
  nn::load(other, file.path);
  CHECK(all_equal(other.encoder, ones({2, 3})));
  CHECK(other.encoder.impl().get() == other.decoder.impl().get());
  nn::write_safetensors(file.path, {{"decoder", zeros({2, 3})}, {"encoder", zeros({2, 3})}});
  nn::load(other, file.path);
  CHECK(all_equal(other.encoder, zeros({2, 3})));
  nn::write_safetensors(file.path, {{"decoder", zeros({2, 3})}, {"encoder", ones({2, 3})}});
  CHECK(complaint(other, file) ==
        "load: the names do not fit: 1 mismatched\n  file  FILE\n"
        "  mismatched  decoder: differs from encoder, which is the same tensor in the model");
  nn::write_safetensors(file.path, {});
  CHECK(complaint(other, file) == "load: the names do not fit: 1 missing\n  file  FILE\n  missing  encoder");

  Shared shared, again;
  nn::save(shared, file.path);
  CHECK(names_in(file.path) == std::vector<std::string>{"first.bias", "first.weight"});
  nn::write_safetensors(file.path, {{"more.1.bias", ones({2})},
                                    {"more.10.bias", ones({2})},
                                    {"second.weight", ones({2, 2})},
                                    {"first.weight", ones({2, 2})}});
  nn::load(again, file.path);
  CHECK(all_equal(again.first->weight, ones({2, 2})));

  auto ring = std::make_shared<Ring>();
  ring->next = ring;
  nn::save(ring, file.path);
  CHECK(names_in(file.path).size() == 2);
  ring->next = nullptr;
}

TEST_CASE("names that are taken, files that cannot be read") {
  struct Clash {
    nn::Parameter a = ones({1}), b = ones({1});
    auto fields() { return nn::fields("w", a, "w", b); }
  } clash;
  File file;
  CHECK_THROWS_WITH_AS(nn::save(clash, file.path),
                       doctest::Contains("save: two tensors of the model are called `w`\n  at  model_file_test.cpp"),
                       ValueError);
  CHECK(!std::filesystem::exists(file.path));
  Mlp model;
  CHECK(complaint(model, file) == "load: cannot open the file: No such file or directory\n  file  FILE");
  nn::save(model, file.path);
  CHECK(complaint(model, file, {.max_bytes = 100}).find("are more than the 100 bytes") != std::string::npos);
  CHECK_THROWS_WITH_AS(nn::save(model, "/nowhere/m"), doctest::Contains("save: cannot create the file"), FormatError);
}
