// Safetensors files: what is written comes back, byte for byte as the format says, and files are whole or not there.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmath>
#include <string>
#include <vector>

#include "files.hpp"
#include "xgrad/xgrad.hpp"

using namespace xg;
using nn::read_safetensors;
using nn::write_safetensors;

namespace {

std::string with_header(const std::string& header, const std::string& data = "") {
  std::string length(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(header.size() >> 8 * i);
  return length + header + data;
}

/// The names of what stands in a folder.
std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

/// A folder with a file in it.
struct Folder {
  explicit Folder(const std::string& bytes = "") : path(folder.path + "/model.safetensors") {
    std::filesystem::create_directory(folder.path);
    if (!bytes.empty()) std::ofstream(path, std::ios::binary) << bytes;
  }
  File folder;
  std::string path;
};

}  // namespace

TEST_CASE("a file is laid out as the format says") {
  File file;
  write_safetensors(file.path,
                    {{"b", tensor({1, 2})},
                     {"a", tensor({true, false, true})},
                     {"c", tensor({3}, i64)},
                     {"empty", zeros({0, 2})},
                     {"a.scalar", tensor(0.5, f64)}},
                    {{"format", "pt"}, {"quote \"", "größe\n"}});
  std::string bytes = read_bytes(file.path);
  std::string header = R"({"__metadata__":{"format":"pt","quote \"":"größe\n"},)"
                       R"("a.scalar":{"dtype":"F64","shape":[],"data_offsets":[0,8]},)"
                       R"("c":{"dtype":"I64","shape":[1],"data_offsets":[8,16]},)"
                       R"("b":{"dtype":"F32","shape":[2],"data_offsets":[16,24]},)"
                       R"("empty":{"dtype":"F32","shape":[0,2],"data_offsets":[24,24]},)"
                       R"("a":{"dtype":"BOOL","shape":[3],"data_offsets":[24,27]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  CHECK(bytes.substr(0, bytes.size() - 27) == with_header(header));
  CHECK(bytes.substr(bytes.size() - 3) == std::string("\1\0\1", 3));

  nn::TensorFile back = read_safetensors(file.path);
  CHECK(back.tensors.size() == 5);
  CHECK(back.metadata == nn::Metadata{{"format", "pt"}, {"quote \"", "größe\n"}});
  CHECK(back["a.scalar"].item() == 0.5);
  CHECK(back["a.scalar"].dtype() == f64);
  CHECK(back["c"].to_vector() == std::vector<double>{3});
  CHECK(back["b"].to_vector() == std::vector<double>{1, 2});
  CHECK(back["empty"].shape() == Shape{0, 2});
  CHECK(back["a"].to_vector<bool>() == std::vector<bool>{true, false, true});
  CHECK(back.find("d") == nullptr);
  CHECK_THROWS_WITH_AS(back["d"], doctest::Contains("TensorFile: no tensor is called `d`"), ValueError);
}

TEST_CASE("all bits survive, of views too") {
  Tensor odd = tensor(std::vector<float>{NAN, -NAN, INFINITY, -0.0f, 1e-45f, 3.5f});
  Tensor view = transpose(reshape(arange(6), {2, 3}));
  File file;
  write_safetensors(file.path, {{"odd", odd}, {"view", view}, {"none", Tensor(Array(Shape{0}, i64))}});
  nn::TensorFile back = read_safetensors(file.path);
  CHECK(std::string(reinterpret_cast<const char*>(back["odd"].array().bytes()), 24) ==
        std::string(reinterpret_cast<const char*>(odd.array().bytes()), 24));
  CHECK(back["view"].to_vector() == view.to_vector());
  CHECK(back["view"].shape() == Shape{3, 2});
  write_safetensors(file.path, {});
  CHECK(read_bytes(file.path) == with_header("{}      "));
  CHECK(read_safetensors(file.path).tensors.empty());
}

TEST_CASE("types that tensors do not have are converted") {
  struct Case {
    const char* dtype;
    std::string data;
    std::vector<double> values;
    DType read_as;
  };
  for (const Case& c :
       {Case{"F16", {"\x00\x3c\x00\xc2\x00\x7c\x01\x00\xff\x7b", 10}, {1, -3, INFINITY, 0x1p-24, 65504}, f32},
        Case{"BF16", {"\x80\x3f\xc0\xc0\x80\xff", 6}, {1, -6, -INFINITY}, f32},
        Case{"I32", {"\xfe\xff\xff\xff\x01\x02\x00\x00", 8}, {-2, 513}, i64},
        Case{"I16", {"\xfe\xff\x01\x02", 4}, {-2, 513}, i64}, Case{"I8", {"\xfe\x01", 2}, {-2, 1}, i64},
        Case{"U8", {"\xfe\x01", 2}, {254, 1}, i64}, Case{"U16", {"\xfe\xff", 2}, {65534}, i64},
        Case{"U32", {"\xfe\xff\xff\xff", 4}, {4294967294}, i64},
        Case{"U64", {"\0\0\0\0\0\0\0\x40", 8}, {0x1p62}, i64}}) {
    std::string header = std::string(R"({"x":{"dtype":")") + c.dtype + R"(","shape":[)" +
                         std::to_string(c.values.size()) + R"(],"data_offsets":[0,)" + std::to_string(c.data.size()) +
                         "]}}";
    Tensor x = read_safetensors(File(with_header(header, c.data)).path)["x"];
    CHECK_MESSAGE(x.to_vector() == c.values, c.dtype);
    CHECK(x.dtype() == c.read_as);
  }
}

TEST_CASE("what cannot be written") {
  File file;
  CHECK_THROWS_WITH_AS(write_safetensors(file.path, {{"x", tensor(1)}, {"y", tensor(1)}, {"x", tensor(1, f64)}}),
                       doctest::Contains("write_safetensors: two tensors are called `x`\n  at  safetensors_test.cpp"),
                       ValueError);
  CHECK_THROWS_WITH_AS(write_safetensors(file.path, {{"__metadata__", tensor(1)}}),
                       doctest::Contains("write_safetensors: no tensor can be called `__metadata__`"), ValueError);
  CHECK_THROWS_WITH_AS(write_safetensors(file.path, {{"\xff", tensor(1)}}),
                       doctest::Contains("write_safetensors: this is not UTF-8: `\\xff`"), ValueError);
  CHECK_THROWS_WITH_AS(write_safetensors(file.path, {}, {{"a", "b"}, {"a", "c"}}),
                       doctest::Contains("two texts of the metadata are called `a`"), ValueError);
  CHECK_THROWS_WITH_AS(write_safetensors(file.path, {{"x", Tensor()}}),
                       doctest::Contains("write_safetensors: tensor `x` is undefined"), ValueError);
  CHECK_THROWS_WITH_AS(write_safetensors(file.path, {{std::string(100'000'001, 'x'), tensor(1)}}),
                       doctest::Contains("write_safetensors: the names take 1000000"), ValueError);
  CHECK(!std::filesystem::exists(file.path));
}

TEST_CASE("where nothing can be written") {
  auto write = [](const std::string& path) { write_safetensors(path, {{"x", tensor(1)}}); };
  CHECK_THROWS_WITH_AS(
      write("/nowhere/x.safetensors"),
      doctest::Contains("write_safetensors: cannot create the file: No such file or directory\n  file  "
                        "/nowhere/x.safetensors\n  at  safetensors_test.cpp"),
      FormatError);
  CHECK_THROWS_WITH_AS(write("/dev/null"), doctest::Contains("cannot write here: this is not an ordinary file"),
                       FormatError);
  Folder folder;
  CHECK_THROWS_WITH_AS(write(folder.folder.path), doctest::Contains("this is not an ordinary file"), FormatError);
  std::filesystem::current_path(folder.folder.path);
  write("here.safetensors");
  std::filesystem::current_path("/");
  CHECK(names_in(folder.folder.path) == std::vector<std::string>{"here.safetensors"});
}

TEST_CASE("a file is replaced, through a link and with its permissions") {
  Folder folder("old");
  ::chmod(folder.path.c_str(), 0640);
  std::string link = folder.folder.path + "/latest";
  std::filesystem::create_symlink("model.safetensors", link);
  write_safetensors(link, {{"x", tensor(1)}});
  CHECK(std::filesystem::is_symlink(link));
  CHECK(read_safetensors(folder.path)["x"].item() == 1);
  struct stat status {};
  ::stat(folder.path.c_str(), &status);
  CHECK((status.st_mode & 0777) == 0640);
  CHECK(names_in(folder.folder.path).size() == 2);
}

TEST_CASE("a full disk leaves the old file") {
  Folder folder("old");
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  auto* handler = ::signal(SIGXFSZ, SIG_IGN);
  Tensor large = zeros({100000});
  for (rlim_t limit : {rlim_t(0), rlim_t(5), rlim_t(100), rlim_t(4096), rlim_t(399999)}) {
    rlimit tight{limit, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &tight);
    std::string message;
    try {
      write_safetensors(folder.path, {{"x", large}});
    } catch (const FormatError& error) {
      message = error.what();
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
    CHECK(message.starts_with("write_safetensors: cannot write the file: File too large\n  file  " + folder.path));
    CHECK(read_bytes(folder.path) == "old");
    CHECK(names_in(folder.folder.path).size() == 1);
  }
  ::signal(SIGXFSZ, handler);
}

TEST_CASE("a kill at any moment leaves the old file or the new one") {
  Folder folder;
  auto write = [&](double value) { write_safetensors(folder.path, {{"x", full({20000}, value)}}); };
  write(0);
  for (int i = 0; i < 30; ++i) {
    pid_t child = ::fork();
    if (child == 0) {
      for (int k = 1;; ++k) write(k);
    }
    ::usleep(static_cast<useconds_t>(500 + 311 * i));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    Tensor x = read_safetensors(folder.path)["x"];
    CHECK(x.size() == 20000);
    CHECK(all_equal(x, full({20000}, x(0).item())));
  }
  for (const std::string& name : names_in(folder.folder.path))
    CHECK((name == "model.safetensors" || (name.starts_with(".model.safetensors.") && name.ends_with(".part"))));
  write(-1);
  CHECK(read_safetensors(folder.path)["x"](7).item() == -1);
}
