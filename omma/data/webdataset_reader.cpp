// WebDataset shards (https://github.com/webdataset/webdataset, img2dataset): tar files of samples, see omma/io/tar_shard.h.
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <unordered_map>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/base/folder.h"
#include "omma/base/threads.h"
#include "omma/data/caption_readers.h"
#include "omma/data/text_records.h"
#include "omma/io/image_file.h"
#include "omma/io/tar_shard.h"
#include "omma/text/utf8.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_shards = 1'000'000;

struct WebRecord {
  CaptionSample sample;
  ShardMember picture;
  std::optional<ShardMember> notes = {};  // .json
  std::size_t shard = 0;
};

struct ShardContents {
  std::optional<TarShard> shard;
  std::vector<WebRecord> records;
  DatasetReport report;
  std::size_t left_out = 0;  // samples, and 1 for a shard that is missing, empty or broken
};

class ShardReader {
 public:
  ShardReader(const fs::path& file, std::size_t number) : name_(file.filename().string()), number_(number) {
    if (!fs::exists(file))
      leave_out(DatasetFault::missing_shard, name_, file.string() + " does not exist");
    else
      read(file);
  }

  ShardContents take() { return std::move(contents_); }

 private:
  void read(const fs::path& file) {
    try {
      contents_.shard.emplace(file);
      const ShardIndex index = contents_.shard->index();
      for (const ShardIssue& issue : index.issues) add_issue(issue);
      for (const ShardSample& sample : index.samples) add_sample(sample);
      if (index.samples.empty() && index.issues.empty()) leave_out(DatasetFault::empty_shard, name_, "no samples");
    } catch (const std::invalid_argument& error) {
      leave_out(DatasetFault::broken_shard, name_, error.what());
    }
  }

  void leave_out(DatasetFault fault, const std::string& sample, const std::string& message) {
    contents_.report.add(fault, sample, message);
    ++contents_.left_out;
  }

  // A refused or interleaved member leaves its sample without a pair, which is counted then.
  void add_issue(const ShardIssue& issue) {
    const std::string message = name_ + ": " + issue.message;
    switch (issue.fault) {
      case ShardFault::refused_member:
        return contents_.report.add(DatasetFault::refused_member, issue.sample, message);
      case ShardFault::interleaved_key:
        return contents_.report.add(DatasetFault::interleaved_key, issue.sample, message);
      case ShardFault::duplicate_key:
        return leave_out(DatasetFault::duplicate_id, issue.sample, message);
      case ShardFault::broken:
        return leave_out(DatasetFault::broken_shard, name_, issue.message);
    }
  }

  void add_sample(const ShardSample& sample) {
    const std::span<const std::string_view> extensions = picture_extensions();
    const auto picture = std::ranges::find_first_of(sample.members, extensions, {}, &ShardMember::extension);
    if (picture == sample.members.end())
      return leave_out(DatasetFault::missing_pair, sample.key,
                       fmt::format("{}: no picture (.{})", name_, fmt::join(extensions, " .")));
    WebRecord record{.sample = {.key = sample.key, .captions = {}}, .picture = *picture, .shard = number_};
    if (const ShardMember* notes = sample.find("json")) record.notes = *notes;
    if (const auto caption = caption_of(sample)) read_texts(*caption, sample.key, record.sample.captions, contents_.report);
    if (record.sample.captions.empty())
      ++contents_.left_out;  // the reason is told
    else
      contents_.records.push_back(std::move(record));
  }

  // Nothing, and told, where there is none.
  std::optional<json> caption_of(const ShardSample& sample) {
    const auto told = [&](DatasetFault fault, std::string message) {
      contents_.report.add(fault, sample.key, std::move(message));
      return std::nullopt;
    };
    const ShardMember *text = sample.find("txt"), *object = sample.find("json");
    const ShardMember* member = text != nullptr ? text : object;
    const std::string where = fmt::format("{}: {}.{}", name_, sample.key, text != nullptr ? "txt" : "json");
    if (member == nullptr) return told(DatasetFault::missing_pair, name_ + ": no .txt and no .json");
    if (member->size > max_caption_bytes)
      return told(DatasetFault::malformed_text,
                  fmt::format("{}: {} bytes are over the limit of {}", where, member->size, max_caption_bytes));
    const std::vector<std::uint8_t> bytes = contents_.shard->read(*member);
    const std::string contents(bytes.begin(), bytes.end());
    if (text != nullptr && is_valid_utf8(contents)) return json(contents);
    if (text != nullptr) return told(DatasetFault::malformed_text, where + ": not UTF-8");
    try {
      const json parsed = parse_json(contents, where);
      if (parsed.is_object() && parsed.contains("caption")) return parsed["caption"];
      return told(DatasetFault::missing_pair, where + ": no \"caption\"");
    } catch (const std::invalid_argument& error) {
      return told(DatasetFault::malformed_text, error.what());
    }
  }

  std::string name_;  // of the shard, in messages
  std::size_t number_;
  ShardContents contents_;
};

class WebDataset : public CaptionDataset {
 public:
  WebDataset(std::vector<ShardContents> contents, std::string_view where, const CaptionDatasetOptions& options)
      : limits_(options.image_limits) {
    std::unordered_map<std::string, std::size_t> shard_of_key;  // keys are unique over all shards
    std::size_t left_out = 0;
    for (ShardContents& shard : contents) {
      report_.append(shard.report);
      left_out += shard.left_out;
      for (WebRecord& record : shard.records) {
        const auto [first, added] = shard_of_key.try_emplace(record.sample.key, record.shard);
        if (added) {
          records_.push_back(std::move(record));
        } else {
          ++left_out;
          report_.add(DatasetFault::duplicate_id, record.sample.key,
                      fmt::format("{} and {} both have this key", name_of(contents[first->second]), name_of(shard)));
        }
      }
    }
    for (ShardContents& shard : contents) shards_.push_back(std::move(shard.shard));
    report_.count_records(records_.size() + left_out, left_out);
    check_faults(report_, records_.size(), "sample", options.max_fault_share, where);
  }

  std::size_t size() const override { return records_.size(); }
  CaptionSample sample(std::size_t index) const override { return records_.at(index).sample; }
  bool has_image(std::size_t index) const override { return fs::exists(shard_of(records_.at(index)).path()); }
  const DatasetReport& report() const override { return report_; }

  Image image(std::size_t index) const override {
    return decode_image(picture_file(index).bytes, picture_name(records_.at(index)), limits_);
  }

  PictureFile picture_file(std::size_t index) const override {
    const WebRecord& record = records_.at(index);
    check(record.picture.size <= limits_.file_bytes, "{}: {} bytes are over the limit of {}", picture_name(record),
          record.picture.size, limits_.file_bytes);
    return {.extension = record.picture.extension, .bytes = shard_of(record).read(record.picture)};
  }

  // What cannot be read tells nothing: the texts are what counts.
  json notes(std::size_t index) const override {
    const WebRecord& record = records_.at(index);
    if (!record.notes || record.notes->size > max_caption_bytes) return json::object();
    try {
      const std::vector<std::uint8_t> bytes = shard_of(record).read(*record.notes);
      json notes = parse_json(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), record.sample.key);
      return notes.is_object() ? notes : json::object();
    } catch (const std::invalid_argument&) {
      return json::object();
    }
  }

 private:
  std::string picture_name(const WebRecord& record) const {
    return fmt::format("{}: {}.{}", shard_of(record).path().string(), record.sample.key, record.picture.extension);
  }
  static std::string name_of(const ShardContents& contents) { return contents.shard->path().filename().string(); }
  const TarShard& shard_of(const WebRecord& record) const { return *shards_[record.shard]; }

  std::vector<std::optional<TarShard>> shards_;  // nothing where one was missing
  std::vector<WebRecord> records_;
  DatasetReport report_;
  ImageLimits limits_;
};

std::vector<ShardContents> read_shards(const std::vector<fs::path>& files) {
  std::vector<ShardContents> contents(files.size());
  parallel_for(static_cast<std::int64_t>(files.size()), available_threads(), [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      contents[i] = ShardReader(files[i], i).take();
  });
  return contents;
}

// "name-{000000..000012}.tar" as the 13 names, with the first number's digits.
std::vector<fs::path> expand_range(std::string_view path) {
  const std::size_t open = path.find('{'), dots = path.find("..", open), close = path.find('}', open);
  const auto number = [&](std::string_view digits) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    check(!digits.empty() && error == std::errc() && end == digits.data() + digits.size() && value < 1'000'000'000'000,
          "webdataset: expected a range name-{{000000..000012}}.tar, got \"{}\"", path);
    return value;
  };
  const bool whole = dots < close && close != std::string_view::npos && path.find('{', close) == std::string_view::npos;
  const std::string_view first_digits = whole ? path.substr(open + 1, dots - open - 1) : "";
  const std::size_t first = number(first_digits), last = number(path.substr(dots + 2, close - dots - 2));
  check(first <= last && last - first < max_shards, "webdataset: expected a rising range of at most {} shards, got \"{}\"",
        max_shards, path);
  std::vector<fs::path> files;
  for (std::size_t i = first; i <= last; ++i)
    files.emplace_back(fmt::format("{}{:0{}}{}", path.substr(0, open), i, first_digits.size(), path.substr(close + 1)));
  return files;
}

constexpr std::array<std::string_view, 3> shard_endings = {".tar", ".tar.gz", ".tgz"};

// The shards of the folder by name: of its sub-folder `split`, or those whose names begin with it.
std::vector<fs::path> shards_in(fs::path folder, std::string_view split) {
  std::string prefix(split);
  if (!split.empty() && fs::is_directory(path_inside(folder, split))) {
    folder = path_inside(folder, split);
    prefix.clear();
  }
  std::vector<fs::path> files = files_in(folder);
  std::erase_if(files, [&](const fs::path& file) {
    const std::string name = file.filename().string();
    const auto ends_so = [&](std::string_view ending) { return name.ends_with(ending); };
    return !name.starts_with(prefix) || std::ranges::none_of(shard_endings, ends_so);
  });
  check(!files.empty(), "webdataset: {}: no shards {}*.tar, .tar.gz or .tgz in this folder", folder.string(), prefix);
  check(files.size() <= max_shards, "webdataset: {}: {} shards are over the limit of {}", folder.string(), files.size(),
        max_shards);
  return files;
}

// "pipe:rm -rf", "https://...": other programs would run or fetch these.
bool has_scheme(std::string_view path) {
  const std::size_t colon = path.find(':');
  return colon != std::string_view::npos && colon > 0 &&
         std::all_of(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.'; });
}

}  // namespace

std::vector<fs::path> find_webdataset_shards(std::string_view path, std::string_view split) {
  check(!has_scheme(path), "webdataset: \"{}\": a scheme is not supported, shards are local files", path);
  if (path.find('{') != std::string_view::npos) return expand_range(path);
  check(fs::exists(path), "data: {} does not exist", path);
  if (fs::is_directory(path)) return shards_in(path, split);
  return {path};
}

std::unique_ptr<CaptionDataset> open_webdataset(const std::vector<fs::path>& shards, std::string_view where,
                                                const CaptionDatasetOptions& options) {
  return std::make_unique<WebDataset>(read_shards(shards), where, options);
}

}  // namespace omma
