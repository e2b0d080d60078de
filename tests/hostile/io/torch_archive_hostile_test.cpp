// Malformed and hostile torch.save files, in both containers.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "omma/io/tensor_file.h"
#include "tests/checkpoint_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
using testing::number, testing::pickle_of, testing::pickled, testing::pickled_dict, testing::pickled_global, testing::pickled_tuple,
    testing::PickledTensor, testing::torch_sequential, testing::torch_zip, testing::zip_bytes;

std::string refusal(std::string_view bytes) {
  return testing::invalid_argument_of([&] { parse_torch_archive(testing::bytes_of_text(bytes), "x.pth"); });
}

void expect_refusal(std::string_view bytes, std::string_view word) {
  const std::string message = refusal(bytes);
  EXPECT_TRUE(message.starts_with("x.pth: ")) << message << " / " << word;
  EXPECT_NE(message.find(word), std::string::npos) << message << " / " << word;
  EXPECT_LT(message.size(), 1500U);
}

// {"w": value} is refused in a zip archive and in a sequential file.
void expect_value_refusal(std::string_view value, std::string_view word) {
  const std::string pickle = pickle_of(pickled_dict("w", value));
  expect_refusal(torch_zip(pickle), word);
  expect_refusal(torch_sequential(pickle), word);
}

void expect_tensor_refusal(const PickledTensor& tensor, std::string_view word) { expect_value_refusal(tensor.text(), word); }

TEST(TorchArchiveHostile, P1GlobalsThatRunCode) {
  for (const auto& [module, name] : {std::pair{"os", "system"}, std::pair{"builtins", "eval"}, std::pair{"posix", "system"},
                                     std::pair{"nt", "system"}, std::pair{"numpy.core.multiarray", "scalar"},
                                     std::pair{"torch._utils", "_rebuild_sparse_tensor"}, std::pair{"torch", "load"}})
    expect_value_refusal(pickled_global(module, name) + pickled("touch pwned") + "\x85R",
                         fmt::format("refuses \"{}.{}\"", module, name));
}

TEST(TorchArchiveHostile, P2CallsAndStatesThatMakeNoTensor) {
  const std::string ordered = pickled_global("collections", "OrderedDict");
  const std::string space = pickled_global("argparse", "Namespace");
  expect_value_refusal(pickled_global("torch", "FloatStorage") + ")R", "\"w\": unexpected call of torch.FloatStorage");
  expect_value_refusal(pickled_global("torch", "float32") + ")R", "unexpected call of torch.float32");
  expect_value_refusal(pickled_global("torch", "FloatStorage"), "expected a value, found the class torch.FloatStorage");
  expect_value_refusal(ordered + "NN\x86R", "unexpected call of collections.OrderedDict with 2 arguments");
  expect_value_refusal(ordered + "N\x85R", "expected a list of pairs");
  expect_value_refusal(ordered +
                           "](N\x85"
                           "e\x85R",
                       "expected pairs");
  expect_value_refusal(ordered + ")RNb", "unexpected state");
  expect_value_refusal(space + ")RNb", "unexpected state");
  expect_value_refusal(space + ")R(" + pickled("a") + "Nu", "unexpected items");
  expect_value_refusal(PickledTensor{}.text() + "}b", "unexpected state");
  expect_value_refusal(PickledTensor{}.text() + "N\x88s", "unexpected state");
  expect_value_refusal(pickled_global("torch._utils", "_rebuild_parameter") + "N\x88}\x87R", "expected a tensor");
  expect_value_refusal(pickled_global("torch._utils", "_rebuild_tensor_v2") + ")R", "expected 6 arguments, found 0");
  expect_value_refusal(pickled_global("torch", "device") + "N\x85R", "device: expected a string");
  expect_value_refusal("}N\x88s", "\"w\": expected keys that are strings or integers");
}

TEST(TorchArchiveHostile, P5P6NestingAndCycles) {
  std::string deep;
  for (int i = 0; i < 1'000'000; ++i) deep += '\x85';
  expect_value_refusal("N" + deep, "nested deeper than 64");
  expect_value_refusal(
      "]q\x01h\x01"
      "a",
      "\"w.0\": contains itself");
  expect_value_refusal("}q\x01" + pickled("a") +
                           "](h\x01"
                           "es",
                       "\"w.a.0\": contains itself");
  std::string laughs = "]q\x01";  // each list holds the one before it twice
  for (char slot = 2; slot < 40; ++slot) laughs += std::string("](h") + char(slot - 1) + "h" + char(slot - 1) + "eq" + slot;
  // Every list but the last is left on the stack: take them off under one mark and keep the last.
  expect_value_refusal("(" + laughs + "1h\x27", "more than 4000000 values");
}

TEST(TorchArchiveHostile, P7TensorsBeyondTheirStorage) {
  const auto sized = [](std::initializer_list<std::int64_t> size, std::initializer_list<std::int64_t> stride,
                        std::int64_t offset = 0) {
    return PickledTensor{.offset = pickled(offset), .size = pickled_tuple(size), .stride = pickled_tuple(stride)};
  };
  constexpr std::int64_t huge = std::int64_t{1} << 62;
  expect_tensor_refusal(sized({5}, {1}), "size [5], stride [1] and offset 0 reach beyond the 4 elements of storage 0");
  expect_tensor_refusal(sized({4}, {1}, 1), "reach beyond");
  expect_tensor_refusal(sized({}, {}, 4), "reach beyond");
  expect_tensor_refusal(sized({2}, {huge}), "reach beyond");
  expect_tensor_refusal(sized({3, 3}, {huge, huge}), "reach beyond");
  expect_tensor_refusal(sized({1}, {1}, INT64_MAX), "reach beyond");
  expect_tensor_refusal(sized({2}, {1}, INT64_MAX), "reach beyond");
  expect_tensor_refusal(sized({2}, {-1}, 1), "expected sizes, strides and an offset of at least 0");
  expect_tensor_refusal(sized({2}, {1}, -1), "expected sizes, strides and an offset of at least 0");
  expect_tensor_refusal(sized({-2}, {1}), "expected sizes");
  expect_tensor_refusal(sized({huge, 4}, {0, 0}), "without overflow");
  expect_tensor_refusal(sized({huge}, {0}), "\"w\": [4611686018427387904] takes the tensors beyond");
  expect_tensor_refusal(sized({2, 2}, {1}), "as many strides as sizes");
  expect_tensor_refusal({.size = pickled(4)}, "size: expected a tuple of integers");
  expect_tensor_refusal({.size = "N\x85"}, "size: expected an integer");
  expect_tensor_refusal({.size = pickled_tuple(std::vector<std::int64_t>(65, 1))}, "at most 64 dimensions");
}

TEST(TorchArchiveHostile, P8Storages) {
  expect_tensor_refusal({.kind = pickled("module")}, "expected a persistent id ('storage'");
  expect_tensor_refusal({.kind = pickled(1)}, "persistent id: expected a string");
  expect_tensor_refusal({.storage_class = "float32"}, "expected a class of storages");
  expect_tensor_refusal({.storage_class = "ComplexFloatStorage"}, "refuses \"torch.ComplexFloatStorage\"");
  for (const char* key : {"../../x", "", "/etc/passwd", "0/../1", "-1"})
    expect_tensor_refusal({.key = pickled(key)}, "storage key: expected digits");
  expect_tensor_refusal({.key = "N"}, "storage key: expected a string");
  for (const std::int64_t elements : {std::int64_t{-1}, INT64_MAX, std::int64_t{1} << 62})
    expect_tensor_refusal({.elements = pickled(elements)}, "elements are out of range");
  expect_tensor_refusal({.elements = pickled(5)}, "storage 0: expected");
  expect_tensor_refusal({.elements = "N"}, "storage elements: expected an integer");
  expect_value_refusal("NQ", "expected a tensor, found a bare storage");
  const std::string other = PickledTensor{.elements = pickled(3), .size = pickled_tuple({1}), .stride = pickled_tuple({1})}.text();
  expect_value_refusal("](" + PickledTensor{}.text() + other + "e", "storage 0: of 12 bytes here and 16 bytes before");
  expect_refusal(torch_zip({.key = pickled("1")}), "storage 1: expected a record data/1, found none");
}

TEST(TorchArchiveHostile, P10ZipArchives) {
  const std::string pickle = pickle_of(pickled_dict("w", PickledTensor{}.text()));
  const std::string storage = "0123456789abcdef";
  expect_refusal(zip_bytes({{"a/data.pkl", pickle}, {.name = "a/data/0", .bytes = storage, .wrong_crc = 4}}),
                 "zip entry \"a/data/0\": expected CRC-32");
  expect_refusal(zip_bytes({{.name = "a/data.pkl", .bytes = pickle, .wrong_crc = 4}, {"a/data/0", storage}}), "expected CRC-32");
  expect_refusal(zip_bytes({{"a/data.pkl", pickle}, {.name = "a/data/0", .bytes = storage, .method = 8}}), "compression method 8");
  expect_refusal(zip_bytes({{"a/data.pkl", pickle}, {"a/data.pkl", pickle}}), "two zip entries are called");
  expect_refusal(zip_bytes({{"word/document.xml", "<xml/>"}}), "expected a torch.save archive with a record data.pkl");
  expect_refusal(zip_bytes({{"a/data.pkl", pickle + "x"}, {"a/data/0", storage}}), "expected the end of the pickle");
}

TEST(TorchArchiveHostile, P11P12ForeignFiles) {
  const std::string pickle = pickle_of(pickled_dict("w", PickledTensor{}.text()));
  expect_refusal("", "expected a file of torch.save, found an empty file");
  expect_refusal("\x01\x02", "an unknown format");
  expect_refusal("7z\xbc\xaf\x27\x1c" + std::string(50, '\0'), "a 7z archive");
  expect_refusal(std::string(257, '\0') + "ustar" + std::string(250, '\0'), "a tar archive");
  expect_refusal(pickle, "a Python pickle");
  expect_refusal(testing::safetensors_bytes("{}"), "a safetensors file");
  expect_refusal(zip_bytes({{"a/constants.pkl", "x"}, {"a/data.pkl", pickle}}), "a TorchScript program");
  expect_refusal(zip_bytes({{"a/byteorder", "big"}, {"a/data.pkl", pickle}}), "byteorder: expected little, found \"big\"");
  expect_refusal(zip_bytes({{"a/version", "11\n"}, {"a/data.pkl", pickle}}), "version: expected 1 to 10");
  std::string big_endian = torch_sequential(pickle);
  big_endian[big_endian.find('\x88')] = '\x89';
  expect_refusal(big_endian, "little_endian: expected true");
}

TEST(TorchArchiveHostile, SequentialStorages) {
  const std::string whole = torch_sequential(pickle_of(pickled_dict("w", PickledTensor{}.text())));
  EXPECT_EQ(refusal(whole), "");
  expect_refusal(whole.substr(0, whole.size() - 1), "expected 16 more bytes, found 15");
  expect_refusal(whole + "x", "expected the end of the file after the storages, found 1 bytes");
  std::string count = whole;
  count.replace(count.size() - 24, 8, number<std::int64_t>(5));
  expect_refusal(count, "storage 0: expected 4 elements, found 5");
  std::string key = whole;
  key[key.rfind("X\x01" + std::string(3, '\0') + "0") + 5] = '7';
  expect_refusal(key, "storage \"7\": unknown, or listed twice");
  std::string version = whole;
  version.replace(version.find(number<std::int64_t>(1001)), 8, number<std::int64_t>(1002));
  expect_refusal(version, "protocol version: expected 1001");
}

TEST(TorchArchiveHostile, RootsAndNames) {
  expect_refusal(torch_zip(pickle_of("N")), "expected a dict or a list of tensors");
  expect_refusal(torch_zip(pickle_of(PickledTensor{}.text())), "expected a dict or a list of tensors");
  const std::string tensor = PickledTensor{}.text();
  const std::string twins = "}(" + pickled("a") + pickled_dict("b", tensor) + pickled("a.b") + tensor + "u";
  expect_refusal(torch_zip(pickle_of(twins)), "two tensors have the path \"a.b\"");
  expect_refusal(torch_zip(pickle_of("}(" + pickled("a") + "K\x01" + pickled("a") + "K\x02u")), "\"a\": two values have this path");
  const std::string megabyte(1 << 20, 'k');
  std::string many = "](" + pickled(megabyte) + "q\x01";
  for (int i = 0; i < 400; ++i) many += "h\x01";
  expect_refusal(torch_zip(pickle_of(many + "e")), "names, shapes and plain values of more than");
}

}  // namespace
}  // namespace omma
