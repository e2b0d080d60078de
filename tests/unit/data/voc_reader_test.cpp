#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>

#include "omma/base/file.h"
#include "omma/data/detection_dataset.h"
#include "omma/data/validate.h"
#include "omma/io/image_file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

std::string object_xml(const std::string& name, const std::string& box, const std::string& more = "") {
  std::string edges;
  std::size_t begin = 0;
  for (const char* edge : {"xmin", "ymin", "xmax", "ymax"}) {
    const std::size_t end = box.find(' ', begin);
    edges += fmt::format("<{0}>{1}</{0}>", edge, box.substr(begin, end - begin));
    begin = end + 1;
  }
  return fmt::format("<object><name>{}</name>{}<bndbox>{}</bndbox></object>", name, more, edges);
}

class VocReader : public ::testing::Test {
 protected:
  VocReader() {
    for (const char* folder : {"Annotations", "JPEGImages", "splits"}) std::filesystem::create_directories(directory_ / folder);
  }
  void add(const std::string& name, const std::string& objects, const std::string& size = "<width>64</width><height>48</height>") {
    write_file(directory_ / "Annotations" / (name + ".xml"),
               "<annotation><filename>wrong.jpg</filename><size>" + size + "<depth>3</depth></size>" + objects + "</annotation>");
    write_image(directory_ / "JPEGImages" / (name + ".jpg"), Image(64, 48));
  }
  std::unique_ptr<DetectionDataset> open(const std::string& split = "",
                                         const DetectionDatasetOptions& options = {.max_fault_share = 1}) {
    return open_detection_dataset("voc:" + directory_.path().string(), split, options);
  }
  testing::TemporaryDirectory directory_;
};

const DetectionDatasetOptions cells{.class_phrases = {{"RBC", "red blood cell"}, {"WBC", "white blood cell"}},
                                    .max_fault_share = 1};

TEST_F(VocReader, ReadsObjectsThroughTheClassMap) {
  add("one", object_xml("WBC", "1 2 30 40") + object_xml("RBC", "5.5 6 7 8", "<difficult>1</difficult>"));
  const auto dataset = open("", cells);
  EXPECT_EQ(validate(*dataset, 1).summary(), "");
  EXPECT_EQ(dataset->phrases(), (std::vector<std::string>{"red blood cell", "white blood cell"}));
  const auto [sample, image] = dataset->load(0);
  EXPECT_EQ(sample.key, "one");
  EXPECT_EQ(image.width, 64);
  ASSERT_EQ(sample.targets.size(), 2U);
  EXPECT_EQ(sample.targets[0].phrase, "white blood cell");
  EXPECT_EQ(sample.targets[0].class_index, 1);
  EXPECT_EQ(sample.targets[0].box, (Box{1, 2, 30, 40}));
  EXPECT_FALSE(sample.targets[0].ignore);
  EXPECT_TRUE(sample.targets[1].ignore);
}

TEST_F(VocReader, WithoutAMapClassesAreThoseMet) {
  add("one", object_xml("zebra", "1 2 30 40") + object_xml("ant", "5 6 7 8"));
  const auto dataset = open();
  EXPECT_EQ(dataset->phrases(), (std::vector<std::string>{"ant", "zebra"}));
  EXPECT_EQ(dataset->sample(0).targets[0].class_index, 1);
}

TEST_F(VocReader, SplitsListNames) {
  for (const char* name : {"a", "b", "c"}) add(name, "");
  write_file(directory_ / "splits/train.txt", "c\r\na 1\n\n");
  const auto dataset = open("train");
  ASSERT_EQ(dataset->size(), 2U);
  EXPECT_EQ(dataset->sample(0).key, "c");
  EXPECT_EQ(dataset->sample(1).key, "a");
  EXPECT_EQ(open()->size(), 3U);
  EXPECT_NE(testing::invalid_argument_of([&] { open("val"); }).find("splits/val.txt"), std::string::npos);
}

TEST_F(VocReader, ReportsEachFaultWithItsSample) {
  add("boxes", object_xml("RBC", "5 6 5 20") + object_xml("RBC", "-3 6 9 20") + object_xml("RBC", "1 2 x 4") +
                   object_xml("RBC", "1 2 nan 4") + object_xml("cell", "1 2 3 4") + object_xml("RBC", "30 20 10 5"));
  add("size", "", "<width>0</width><height>48</height>");
  add("mismatch", object_xml("WBC", "1 2 30 40"), "<width>640</width><height>480</height>");
  write_file(directory_ / "Annotations/xml.xml", "<annotation><size>");
  write_file(directory_ / "Annotations/gone.xml", "<annotation><size><width>4</width><height>4</height></size></annotation>");
  write_file(directory_ / "splits/all.txt", "boxes\nsize\nmismatch\nxml\ngone\nboxes\nnowhere\n");
  const auto dataset = open("all", cells);
  const DatasetReport report = validate(*dataset, 2);
  EXPECT_EQ(dataset->size(), 4U);
  EXPECT_EQ(report.count(DatasetFault::empty_box), 2U);
  EXPECT_EQ(report.count(DatasetFault::box_outside), 1U);
  EXPECT_EQ(report.count(DatasetFault::malformed_box), 2U);
  EXPECT_EQ(report.count(DatasetFault::unknown_class), 1U);
  EXPECT_EQ(report.count(DatasetFault::duplicate_id), 1U);
  EXPECT_EQ(report.count(DatasetFault::malformed_record), 2U);  // xml, nowhere
  EXPECT_EQ(report.count(DatasetFault::size_mismatch), 1U);
  EXPECT_EQ(report.count(DatasetFault::missing_picture), 1U);
  EXPECT_EQ(report.total(), 11U);
  EXPECT_EQ(report.records().all, 7U);
  EXPECT_EQ(report.records().left_out, 5U);  // all but boxes and size
  EXPECT_EQ(report.objects().all, 6U);       // of the classes that were asked for
  EXPECT_EQ(report.objects().left_out, 4U);
  ASSERT_EQ(dataset->sample(0).targets.size(), 1U);
  EXPECT_EQ(dataset->sample(0).targets[0].box, (Box{0, 6, 9, 20}));
}

TEST_F(VocReader, SizesThatAreMissingComeFromThePicture) {
  for (const char* size : {"<width>0</width><height>0</height>", "", "<width></width><height>x</height>"}) {
    add("one", object_xml("ant", "5 6 70 8"), size);
    const auto dataset = open("", {});
    EXPECT_EQ(dataset->report().summary(), "1 box_outside") << size;
    EXPECT_EQ(dataset->sample(0).width, 64);
    EXPECT_EQ(dataset->sample(0).targets.at(0).box, (Box{5, 6, 64, 8}));
  }
}

TEST_F(VocReader, ListsNameFilesAsPeopleCallThem) {
  for (const char* name : {"IMG 001", "Screenshot (2)", "a.v1.rf.x", "b", "c -1", "d"}) add(name, object_xml("ant", "5 6 7 8"));
  write_file(directory_ / "splits/all.txt", "\xEF\xBB\xBFIMG 001\r\n\"Screenshot (2)\"\r\na.v1.rf.x\nb  1\nc -1\n  d.jpg\n");
  const auto dataset = open("all", {});
  EXPECT_EQ(dataset->report().summary(), "");
  ASSERT_EQ(dataset->size(), 6U);
  for (std::size_t i = 0; i < 6; ++i)
    EXPECT_EQ(dataset->sample(i).key, (std::array{"IMG 001", "Screenshot (2)", "a.v1.rf.x", "b", "c -1", "d"}[i]));
}

TEST_F(VocReader, SubFoldersNeedNoList) {
  for (const char* folder : {"Annotations/s", "JPEGImages/s"}) std::filesystem::create_directories(directory_ / folder);
  add("s/one", object_xml("ant", "5 6 7 8"));
  add("two", object_xml("ant", "5 6 7 8"));
  write_file(directory_ / "Annotations/._two.xml", "Mac OS X");
  const auto dataset = open("", {});
  EXPECT_EQ(validate(*dataset, 1).summary(), "");
  ASSERT_EQ(dataset->size(), 2U);
  EXPECT_EQ(dataset->sample(0).key, "s/one");
}

TEST_F(VocReader, AClassMayBeAbsentFromASplitButNotFromTheData) {
  add("one", object_xml("WBC", "1 2 30 40"));
  add("two", object_xml("RBC", "1 2 30 40"));
  write_file(directory_ / "splits/val.txt", "two\n");
  EXPECT_EQ(open("val", cells)->phrases().size(), 2U);
  EXPECT_NE(testing::invalid_argument_of([&] {
              open("val", {.class_phrases = {{"RBD", "cell"}}});
            }).find("no class is called \"RBD\" (for which the phrase \"cell\" was given); the classes are RBC, WBC"),
            std::string::npos);
}

}  // namespace
}  // namespace omma
