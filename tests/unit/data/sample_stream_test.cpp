#include "omma/data/sample_stream.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "omma/base/log.h"
#include "omma/data/detection_dataset.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

// A hundred samples, some of whose pictures cannot be read.
class Scripted : public DetectionDataset {
 public:
  explicit Scripted(std::set<std::size_t> broken) : broken_(std::move(broken)) {}
  std::size_t size() const override { return 100; }
  DetectionSample sample(std::size_t index) const override { return {.key = std::to_string(index)}; }
  Image image(std::size_t index) const override {
    if (broken_.contains(index)) throw std::invalid_argument("it is broken");
    return Image(1, 1);
  }
  bool has_image(std::size_t index) const override { return index != 5; }
  const std::vector<std::string>& phrases() const override { return phrases_; }
  const DatasetReport& report() const override { return report_; }

 private:
  std::set<std::size_t> broken_;
  std::vector<std::string> phrases_;
  DatasetReport report_;
};

using Stream = SampleStream<DetectionDataset>;

Stream stream_of(std::set<std::size_t> broken, double share = .05, std::uint64_t seed = 7) {
  return {std::make_shared<Scripted>(std::move(broken)), seed, "pictures", share};
}

TEST(SampleStream, MeetsEverySampleOnceAnEpoch) {
  const Stream stream = stream_of({});
  std::map<std::size_t, int> met;
  for (std::uint64_t number = 0; number < 300; ++number) ++met[stream.load(number).index];
  EXPECT_EQ(met.size(), 100U);
  for (const auto& [index, times] : met) EXPECT_EQ(times, 3) << index;
}

TEST(SampleStream, AnotherStandsInForABrokenPictureAndTheRestStay) {
  const Stream whole = stream_of({}), some = stream_of({3, 5, 90}), again = stream_of({3, 5, 90});
  std::vector<std::string> told;
  set_log_sink([&](LogLevel, std::string_view message) { told.emplace_back(message); });
  for (std::uint64_t number = 0; number < 300; ++number) {
    const std::size_t before = whole.load(number).index, now = some.load(number).index;
    EXPECT_FALSE(now == 3 || now == 5 || now == 90);
    if (before != 3 && before != 5 && before != 90) {
      EXPECT_EQ(now, before);
    }
  }
  set_log_sink(nullptr);
  for (std::uint64_t number = 300; number-- > 0;)  // in any order, as after a resume
    EXPECT_EQ(again.load(number).index, some.load(number).index);
  EXPECT_EQ(told.size(), 3U);  // each once
  EXPECT_NE(told.front().find("is left out: it is broken"), std::string::npos);
  EXPECT_EQ(some.report().summary(), "1 missing_picture, 2 unreadable_picture");
}

TEST(SampleStream, EndsWhereTooManyAreBroken) {
  std::set<std::size_t> broken;
  for (std::size_t i = 0; i < 6; ++i) broken.insert(i);
  const auto read_all = [](const Stream& stream) {
    for (std::uint64_t number = 0; number < 100; ++number) stream.load(number);
  };
  const std::string message = testing::invalid_argument_of([&] { read_all(stream_of(broken)); });
  EXPECT_NE(message.find("pictures: 6 of 100 pictures cannot be used, over the limit of 5 %"), std::string::npos) << message;
  EXPECT_NO_THROW(read_all(stream_of(broken, .06)));
  for (std::size_t i = 6; i < 100; ++i) broken.insert(i);
  EXPECT_THROW(read_all(stream_of(broken, 1)), std::invalid_argument);
}

}  // namespace
}  // namespace omma
