// What the readers of captions and questions share: lists of records in JSON, texts from outside, and pictures in files.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "omma/base/config.h"
#include "omma/data/dataset_report.h"
#include "omma/io/image_file.h"

namespace omma {

// As read_json, with null for the NaN and Infinity that Python's json writes and JSON does not have.
json read_label_json(const std::filesystem::path& file, const JsonLimits& limits = {});

// An id as a name: 7, 7.0 and "7" are one; "" where it is neither a whole number nor a text.
std::string id_of(const json& id);

// The ids that records give pictures, classes and questions.
inline constexpr std::int64_t no_id = -1;
inline constexpr Range id_range{0, 9e15};

// The document's list of this name. Throws std::invalid_argument where it has none.
const json& list_in(const json& document, const char* name, std::string_view file);

// Calls add(item, where) for each record of the list, `where` being "NAME[17]". Those that are not Items, or that add() throws
// std::invalid_argument for, are told as malformed.
template <class Item, class Add>
void read_records(const json& list, std::string_view name, DatasetReport& report, Add&& add) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string where = fmt::format("{}[{}]", name, i);
    try {
      add(read_config<Item>(list[i], where), where);
    } catch (const std::invalid_argument& error) {
      report.add(DatasetFault::malformed_record, where, error.what());
    }
  }
}

// Calls add(object, where) for each line that is not blank, `where` being "FILE:17", and tells faults likewise. Returns how many
// lines there were.
std::size_t read_json_lines(const std::filesystem::path& file, DatasetReport& report,
                            const std::function<void(const json& object, const std::string& where)>& add);

// The text without the spaces around it. What is no text or blank is told as a fault of the sample.
std::optional<std::string> read_text(const json& from, const std::string& sample, DatasetReport& report);

// Appends the text, or each of a list, likewise; an empty list is a fault, too.
void read_texts(const json& from, const std::string& sample, std::vector<std::string>& texts, DatasetReport& report);

// Base is CaptionDataset or QuestionDataset: samples in memory, each with its picture's file.
template <class Base, class Sample>
class FileDataset : public Base {
 public:
  struct Record {
    Sample sample;
    std::filesystem::path image;
  };

  FileDataset(std::vector<Record> records, DatasetReport report, const ImageLimits& limits)
      : records_(std::move(records)), report_(std::move(report)), limits_(limits) {}

  std::size_t size() const override { return records_.size(); }
  Sample sample(std::size_t index) const override { return records_.at(index).sample; }
  Image image(std::size_t index) const override { return read_image(records_.at(index).image, limits_); }
  bool has_image(std::size_t index) const override { return std::filesystem::exists(records_.at(index).image); }
  const DatasetReport& report() const override { return report_; }

 protected:
  const std::filesystem::path& image_file(std::size_t index) const { return records_.at(index).image; }
  const ImageLimits& limits() const { return limits_; }

 private:
  std::vector<Record> records_;
  DatasetReport report_;
  ImageLimits limits_;
};

}  // namespace omma
