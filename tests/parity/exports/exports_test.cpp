// What omma writes, read by the tools that it is written for: tools/parity/check_exports.py.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/base/rng.h"
#include "omma/data/annotation_writer.h"
#include "omma/io/image_file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

// Discs, some of them cut out: parts, holes and overlaps.
RunLengths random_mask(Rng& rng, int width, int height) {
  Mask mask(width, height);
  for (int disc = rng.between(1, 5); disc > 0 || area(mask) == 0; --disc) {
    const double x = rng.uniform(0, width), y = rng.uniform(0, height), radius = rng.uniform(2, width / 3.);
    const std::uint8_t value = rng.chance(.7) ? 1 : 0;
    for (int v = 0; v < height; ++v)
      for (int u = 0; u < width; ++u)
        if (std::hypot(u - x, v - y) < radius) mask.at(u, v) = value;
  }
  return encode(mask);
}

AnnotatedPicture random_picture(Rng& rng, int index) {
  const int width = rng.between(40, 160), height = rng.between(40, 160);
  AnnotatedPicture picture{.index = index,
                           .file_name = fmt::format("shot {}.png", index),
                           .name = fmt::format("shot {}", index),
                           .width = width,
                           .height = height};
  for (int object = rng.between(1, 8); object > 0; --object)
    picture.objects.push_back({.class_index = rng.between(0, 1), .mask = random_mask(rng, width, height), .score = .5F});
  return picture;
}

// The readers' findings, as JSON.
json check_exports(const fs::path& folder) {
  const fs::path found = folder / "found.json";
  const std::string command =
      fmt::format(".venv-exports/bin/python -W ignore tools/parity/check_exports.py '{}' > '{}'", folder.string(), found.string());
  EXPECT_EQ(std::system(command.c_str()), 0);
  return read_json(found);
}

TEST(ExportsParity, OtherToolsReadTheMasksBack) {
  const testing::TemporaryDirectory directory;
  const auto open = [&](const char* folder, const char* format, MaskForm masks) {
    return open_annotation_writer(format, {.out = directory / folder, .classes = {"cup", "shot glass"}, .masks = masks});
  };
  std::vector<std::unique_ptr<AnnotationWriter>> writers;
  writers.push_back(open("coco", "coco", MaskForm::run_lengths));
  writers.push_back(open("coco-polygons", "coco", MaskForm::polygons));
  for (const char* format : {"sa1b", "yolo", "voc", "png"}) writers.push_back(open(format, format, MaskForm::run_lengths));
  Rng rng(10);
  int masks = 0;
  for (int index = 0; index < 20; ++index) {
    const AnnotatedPicture picture = random_picture(rng, index);
    masks += static_cast<int>(picture.objects.size());
    const fs::path file = directory / picture.file_name;
    write_image(file, Image(picture.width, picture.height));
    for (const auto& writer : writers) {
      writer->write_picture(picture, file);
      writer->add(picture);
    }
  }
  for (const auto& writer : writers) writer->finish();

  const json found = check_exports(directory.path());
  for (const auto& [reader, format] : {std::pair("pycocotools", "coco"), std::pair("pycocotools", "sa1b"),
                                       std::pair("pillow", "voc"), std::pair("pillow", "png"), std::pair("supervision", "coco")})
    EXPECT_EQ(found.at(reader).at(format).at("equal"), true) << reader << ": " << format;
  for (const auto& [reader, format] : {std::pair("pycocotools", "coco-polygons"), std::pair("pycocotools", "yolo"),
                                       std::pair("label-studio-sdk", "coco-polygons")}) {
    const json& compared = found.at(reader).at(format);
    EXPECT_EQ(compared.at("masks"), masks);
    EXPECT_GT(compared.at("large").get<int>(), 40);
    EXPECT_GE(compared.at("worst").get<double>(), .97) << reader << ": " << format;
  }
  for (const char* format : {"coco-polygons", "yolo"})  // OpenCV, which draws its polygons, sets what lies under their lines, too
    EXPECT_EQ(found.at("supervision").at(format).at("masks"), masks) << format;
}

}  // namespace
}  // namespace omma
