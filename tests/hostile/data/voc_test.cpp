#include <fmt/format.h>
#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/data/detection_dataset.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

class HostileVoc : public ::testing::Test {
 protected:
  HostileVoc() {
    std::filesystem::create_directories(directory_ / "Annotations");
    std::filesystem::create_directories(directory_ / "splits");
  }
  std::unique_ptr<DetectionDataset> open(const std::string& xml) {
    write_file(directory_ / "Annotations/a.xml", xml);
    return open_detection_dataset("voc:" + directory_.path().string(), "", {.max_fault_share = 1});
  }
  std::string fault(const std::string& xml) {
    const auto dataset = open(xml);
    return dataset->size() == 0 && dataset->report().total() == 1 ? dataset->report().issues().front().message : "";
  }
  testing::TemporaryDirectory directory_;
};

constexpr const char* size = "<size><width>8</width><height>6</height></size>";

TEST_F(HostileVoc, MalformedXmlIsReported) {
  EXPECT_NE(fault("").find("malformed XML"), std::string::npos);
  EXPECT_NE(fault("not xml").find("malformed XML"), std::string::npos);
  EXPECT_NE(fault("<annotation>").find("malformed XML"), std::string::npos);
  EXPECT_NE(fault("<annotation></object>").find("malformed XML at byte"), std::string::npos);
  EXPECT_NE(fault("<voc/>").find("<annotation>"), std::string::npos);
  for (const char* sizes : {"", "<width>8</width><height>1e9</height>", "<width>0x8</width><height>nan</height>"})
    EXPECT_NE(fault("<annotation><size>" + std::string(sizes) + "</size></annotation>").find("no size, and a.jpg cannot be read"),
              std::string::npos);
}

TEST_F(HostileVoc, EntitiesAreNotExpandedAndFilesNotRead) {
  // The billion-laughs file, and one that asks for another file.
  std::string laughs = "<!DOCTYPE a [<!ENTITY l0 \"lol\">";
  for (int i = 1; i < 30; ++i) laughs += fmt::format("<!ENTITY l{} \"&l{};&l{};\">", i, i - 1, i - 1);
  const auto bomb = open(laughs + "]><annotation>" + size + "<object><name>&l29;</name></object></annotation>");
  EXPECT_EQ(bomb->report().count(DatasetFault::malformed_box), 1U);
  EXPECT_LT(bomb->report().issues().front().message.size(), 200U);
  const auto outside = open(std::string("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><annotation>") + size +
                            "<object><name>&x;</name></object></annotation>");
  EXPECT_EQ(outside->report().issues().front().message.find("root"), std::string::npos);
}

TEST_F(HostileVoc, DeepNestingDoesNotOverflowTheStack) {
  std::string xml = "<annotation>";
  for (int i = 0; i < 500'000; ++i) xml += "<a>";
  EXPECT_NE(fault(xml).find("malformed XML"), std::string::npos);
  for (int i = 0; i < 500'000; ++i) xml += "</a>";
  EXPECT_NE(fault(xml + "</annotation>").find("no size"), std::string::npos);
}

TEST_F(HostileVoc, LargeFilesAreRefusedUnread) {
  EXPECT_NE(fault("<annotation>" + std::string(17 << 20, ' ') + "</annotation>").find("over the limit"), std::string::npos);
}

TEST_F(HostileVoc, PathsStayInside) {
  EXPECT_NE(fault(std::string("<annotation><filename>../../etc/passwd</filename>") + size + "</annotation>").find("leads out"),
            std::string::npos);
  write_file(directory_ / "splits/train.txt", "../secret\n/etc/passwd\n");
  const auto dataset = open_detection_dataset("voc:" + directory_.path().string(), "train", {.max_fault_share = 1});
  EXPECT_EQ(dataset->size(), 0U);
  EXPECT_EQ(dataset->report().count(DatasetFault::malformed_record), 2U);
  write_file(directory_ / "secret.txt", "a\n");
  EXPECT_NE(testing::invalid_argument_of([&] {
              open_detection_dataset("voc:" + directory_.path().string(), "../secret");
            }).find("leads out"),
            std::string::npos);
}

}  // namespace
}  // namespace omma
