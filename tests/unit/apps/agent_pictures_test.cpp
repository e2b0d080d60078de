#include "apps/agent_pictures.h"

#include <gtest/gtest.h>

#include <map>

#include "omma/agent/found_objects.h"
#include "omma/base/file.h"
#include "omma/io/image_file.h"
#include "omma/text/utf8.h"
#include "omma/vision/mask_json.h"
#include "tests/temporary_directory.h"

namespace omma::app {
namespace {

json cut_out(const char* label, const RunLengths& mask) {
  return {{"label", label}, {"score", .5}, {"box", {0, 0, 1, 1}}, {"rle", rle_json(mask)}};
}

TEST(AgentPictures, LabelsAsFileNames) {
  EXPECT_EQ(file_name_part("blue dog"), "blue-dog");
  EXPECT_EQ(file_name_part("../../etc/passwd"), "etc-passwd");
  EXPECT_EQ(file_name_part("a\\b:c*\n\0d"), "a-b-c");
  EXPECT_EQ(file_name_part("\xE7\x8C\xAB"), "\xE7\x8C\xAB");  // a cat in Chinese
  EXPECT_EQ(file_name_part("a\xE2\x80\xAE"
                           "b\xE2\x80\x8D\xFF"),
            "a-b");  // turned writing, a joiner, no UTF-8
  EXPECT_EQ(file_name_part(".."), "object");
  EXPECT_EQ(file_name_part(""), "object");
  std::string longest;
  for (int i = 0; i < 100; ++i) longest += "\xE7\x8C\xAB";
  EXPECT_EQ(file_name_part(longest).size(), 60U);
  EXPECT_TRUE(is_valid_utf8(file_name_part("x" + longest)));
}

TEST(AgentPictures, EachObjectHasAFileOfItsOwn) {
  const testing::TemporaryDirectory directory;
  Image image(4, 4);
  for (int x = 0; x < 4; ++x)
    for (int y = 0; y < 4; ++y) image.pixel(x, y)[0] = static_cast<std::uint8_t>(10 * x + y);
  AgentStep step;
  step.data = {{"masks",
                {cut_out("car", {4, 4, {0, 4, 12}}), cut_out("car", {4, 4, {4, 2, 10}}), cut_out("car 1", {4, 4, {8, 3, 5}}),
                 cut_out("../dog", {4, 4, {13, 2, 1}})}}};
  const std::filesystem::path overlay = directory.path() / "photo.png";
  write_steps_overlay(overlay, image, {&step, 1}, true);
  write_cutouts(overlay, image, {&step, 1});
  std::map<std::string, Image> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path()))
    files[entry.path().filename().string()] = read_image(entry.path());
  ASSERT_EQ(files.size(), 5U);
  EXPECT_EQ(files.at("photo-car-1.png").height, 4);  // the largest
  EXPECT_EQ(files.at("photo-car-1-2.png").height, 3);
  EXPECT_EQ(files.at("photo-car-2.png").height, 2);
  const Image& dog = files.at("photo-dog.png");
  EXPECT_EQ(dog.width, 1);
  EXPECT_EQ(dog.height, 2);
  EXPECT_EQ(dog.pixel(0, 0)[0], 31);
  EXPECT_GT(files.at("photo.png").width, 4);  // small pictures are enlarged
  const std::string png = read_file(directory.path() / "photo-dog.png");
  EXPECT_EQ(png[25], 6);  // the header's colour type: with alpha
}

}  // namespace
}  // namespace omma::app
