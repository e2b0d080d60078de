// Pictures to the models' inputs against transformers' image processors: what tools/parity/processors.py recorded.
#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/io/image_file.h"
#include "omma/nn/image_processor.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::invalid_argument_of;

class ProcessorParity : public ::testing::TestWithParam<const char*> {
 protected:
  std::filesystem::path directory_ = testing::parity_directory("processors") / GetParam();
  std::map<std::string, Tensor> expected_ = testing::read_expected(directory_ / "expected.safetensors");

  void expect_equal(const ImageProcessor& processor) const {
    ASSERT_GE(expected_.size(), 7U);
    for (const auto& [name, pixels] : expected_)
      testing::expect_close(name, pixels, processor(read_image(directory_ / name)), 1e-6);
  }
};

TEST_P(ProcessorParity, SamePixels) { expect_equal(ImageProcessor::from_directory(directory_)); }

TEST_P(ProcessorParity, WritesWhatItReads) {
  const testing::TemporaryDirectory written;
  const ImageProcessor processor = ImageProcessor::from_directory(directory_);
  write_file(written / "preprocessor_config.json", dump_json(write_image_processor(processor.config(), "Some"), 2));
  expect_equal(ImageProcessor::from_directory(written.path()));
}

TEST_P(ProcessorParity, KnowsItsSize) {
  const ImageProcessor processor = ImageProcessor::from_directory(directory_);
  const auto fixed = processor.config().fixed_size();
  EXPECT_EQ(fixed.has_value(), GetParam() != std::string("clip_shortest") && GetParam() != std::string("detr"));
  for (const auto& [name, pixels] : expected_) {
    const Image image = read_image(directory_ / name);
    const Size filled = processor.filled_size({image.width, image.height});
    const auto height = pixels.size(1), width = pixels.size(2);
    EXPECT_TRUE(!fixed || (fixed->height == height && fixed->width == width)) << name;
    EXPECT_LE(filled.height, height) << name;
    EXPECT_EQ(pixels.slice(1, filled.height).abs().sum().item<float>() + pixels.slice(2, filled.width).abs().sum().item<float>(), 0)
        << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, ProcessorParity,
                         ::testing::Values("clip", "clip_crop_beyond", "clip_crop_only", "clip_shortest", "blip", "detr_padded",
                                           "sam", "detr"),
                         [](const auto& test) { return std::string(test.param); });

// The file of `directory` with other fields.
ImageProcessor changed(const char* name, const json& fields, const testing::TemporaryDirectory& directory) {
  json object = read_json(testing::parity_directory("processors") / name / "preprocessor_config.json");
  object.update(fields);
  write_file(directory / "preprocessor_config.json", object.dump());
  return ImageProcessor::from_directory(directory.path());
}

TEST(ImageProcessor, OlderFilesWriteNumbers) {
  const testing::TemporaryDirectory directory;
  const ImageProcessor old = changed("clip", {{"size", 30}, {"crop_size", 28}}, directory);
  EXPECT_EQ(write_config(old.config()), write_config(changed("clip", json::object(), directory).config()));
  EXPECT_EQ(changed("detr", {{"size", 30}, {"max_size", 44}}, directory).config().longest_edge, 44);
}

TEST(ImageProcessor, RefusesStepsThatItDoesNotKnow) {
  const testing::TemporaryDirectory directory;
  const auto fault = [&](const json& fields) { return invalid_argument_of([&] { changed("clip", fields, directory); }); };
  EXPECT_NE(fault({{"do_flip_channel_order", true}}).find("do_flip_channel_order: expected a step that omma knows"),
            std::string::npos);
  EXPECT_EQ(fault({{"do_flip_channel_order", false}, {"do_thumbnail", nullptr}, {"do_convert_rgb", true}}), "");
  EXPECT_NE(fault({{"size", json::object()}}).find("size: expected height and width, shortest_edge or longest_edge"),
            std::string::npos);
  EXPECT_NE(fault({{"crop_size", {{"height", 30}, {"width", nullptr}}}}).find("crop_size"), std::string::npos);
  EXPECT_NE(fault({{"crop_size", nullptr}}).find("crop_size: expected one with do_center_crop"), std::string::npos);
}

TEST(ImageProcessor, RefusesAPictureLargerThanItsPadding) {
  const testing::TemporaryDirectory directory;
  const ImageProcessor processor = changed("detr_padded", {{"pad_size", {{"height", 30}, {"width", 40}}}}, directory);
  EXPECT_NE(invalid_argument_of([&] { processor(Image(60, 37)); }).find("expected at most 40 x 30 pixels to pad, got 44 x 27"),
            std::string::npos);
  EXPECT_EQ(shape(processor(Image(40, 30))), "[3, 30, 40]");
}

}  // namespace
}  // namespace omma
