#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/io/tensor_file.h"
#include "tests/checkpoint_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
using testing::bytes_of_text, testing::pickle_of, testing::pickled, testing::pickled_dict, testing::pickled_global,
    testing::pickled_tuple, testing::PickledTensor, testing::torch_sequential, testing::torch_zip;

std::string text(const TensorView& tensor) { return {tensor.bytes.begin(), tensor.bytes.end()}; }

// "w" of both containers; the storage holds the letters 0..f, four to an element.
std::vector<TensorFile> both(const std::string& value) {
  static std::vector<std::string> kept;  // the files' bytes
  kept.push_back(torch_zip(pickle_of(pickled_dict("w", value))));
  kept.push_back(torch_sequential(pickle_of(pickled_dict("w", value))));
  std::vector<TensorFile> files;
  for (const std::string& bytes : {kept[kept.size() - 2], kept.back()}) {
    auto owner = std::make_shared<const std::string>(bytes);
    files.push_back(parse_torch_archive(bytes_of_text(*owner), "x.pth", owner));
  }
  return files;
}

TEST(TorchArchive, ReadsATensor) {
  for (const TensorFile& file : both(PickledTensor{}.text())) {
    ASSERT_EQ(file.tensors().size(), 1U);
    const TensorView& tensor = file.tensors()[0];
    EXPECT_EQ(tensor.name, "w");
    EXPECT_EQ(tensor.dtype, DType::f32);
    EXPECT_EQ(tensor.shape, (std::vector<std::int64_t>{2, 2}));
    EXPECT_EQ(text(tensor), "0123456789abcdef");
  }
}

TEST(TorchArchive, MakesViewsContiguous) {
  PickledTensor transposed{.stride = pickled_tuple({1, 2})};
  PickledTensor tail{.offset = pickled(1), .size = pickled_tuple({3}), .stride = pickled_tuple({1})};
  PickledTensor repeated{.offset = pickled(3), .size = pickled_tuple({3}), .stride = pickled_tuple({0})};
  PickledTensor column{.offset = pickled(1), .size = pickled_tuple({2, 1}), .stride = pickled_tuple({2, INT64_MAX})};
  PickledTensor scalar{.offset = pickled(2), .size = pickled_tuple({}), .stride = pickled_tuple({})};
  PickledTensor empty{.size = pickled_tuple({0, 5}), .stride = pickled_tuple({900, 900})};
  for (const auto& [tensor, expected] :
       {std::pair{transposed, "012389ab4567cdef"}, std::pair{tail, "456789abcdef"}, std::pair{repeated, "cdefcdefcdef"},
        std::pair{column, "4567cdef"}, std::pair{scalar, "89ab"}, std::pair{empty, ""}})
    for (const TensorFile& file : both(tensor.text())) EXPECT_EQ(text(file.tensors()[0]), expected);
}

TEST(TorchArchive, ReadsOlderAndNewerRebuilders) {
  const std::string storage =
      "(" + pickled("storage") + pickled_global("torch", "FloatStorage") + pickled("0") + pickled("cpu") + pickled(4) + "tQ";
  const std::string untyped = "(" + pickled("storage") + pickled_global("torch.storage", "UntypedStorage") + pickled("0") +
                              pickled("cpu") + pickled(16) + "tQ";
  const std::string oldest = pickled_global("torch._utils", "_rebuild_tensor") + "(" + storage + pickled(1) + pickled_tuple({2}) +
                             pickled_tuple({1}) + "tR";
  const std::string newest = pickled_global("torch._utils", "_rebuild_tensor_v3") + "(" + untyped + pickled(1) +
                             pickled_tuple({2}) + pickled_tuple({1}) + "\x89}" + pickled_global("torch", "uint16") + "tR";
  const std::string parameter = pickled_global("torch._utils", "_rebuild_parameter") + "(" + PickledTensor{}.text() + "\x88}tR";
  EXPECT_EQ(text(both(oldest)[0].tensors()[0]), "456789ab");
  const std::string bytes = torch_zip(pickle_of(pickled_dict("w", newest)));
  const TensorFile file = parse_torch_archive(bytes_of_text(bytes), "x");
  EXPECT_EQ(file.tensors()[0].dtype, DType::u16);
  EXPECT_EQ(text(file.tensors()[0]), "2345");
  EXPECT_EQ(text(both(parameter)[1].tensors()[0]), "0123456789abcdef");
}

TEST(TorchArchive, FlattensContainersAndPlainValues) {
  const std::string space = pickled_global("argparse", "Namespace") + ")\x81}(" + pickled("lr") + "G\x3f\xf8" +
                            std::string(6, '\0') + pickled("none") + "Nub";
  const std::string ordered = pickled_global("collections", "OrderedDict") + "(](" + "](" + pickled("k") + PickledTensor{}.text() +
                              "e" + "etR";  // as Python 2 wrote it
  const std::string value = "}(" + pickled("args") + space + pickled("model") + ordered + pickled("list") + "](" + "\x88" +
                            PickledTensor{}.text() + pickled("s") + "e" + pickled(7) + pickled(-3) + "u";
  for (const TensorFile& file : both(value)) {
    ASSERT_EQ(file.tensors().size(), 2U);
    EXPECT_EQ(file.tensors()[0].name, "w.list.1");
    EXPECT_EQ(file.tensors()[1].name, "w.model.k");
    const std::map<std::string, std::string> expected = {
        {"w.args.lr", "1.5"}, {"w.list.0", "true"}, {"w.list.2", "s"}, {"w.7", "-3"}};
    EXPECT_EQ(file.metadata(), expected);
  }
}

TEST(TorchArchive, MapsAndKeepsTheFileAlive) {
  const testing::TemporaryDirectory directory;
  write_file(directory / "x.pth", torch_zip(PickledTensor{}));
  const TensorFile file = read_torch_archive(directory / "x.pth");
  std::filesystem::remove(directory / "x.pth");
  EXPECT_EQ(text(file.tensors()[0]), "0123456789abcdef");
}

}  // namespace
}  // namespace omma
