#include "omma/data/instruction_dataset.h"

#include <map>
#include <optional>
#include <set>

#include "omma/base/checksum.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/data/label_files.h"
#include "omma/data/picture_finder.h"
#include "omma/data/text_records.h"
#include "omma/data/world_instructions.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_json_bytes = std::size_t{4} << 30;

struct LlavaTurn {
  std::string from;
  json value;
  template <class Fields>
  void fields(Fields& field) {
    field("from", from);
    field("value", value);
  }
};

struct LlavaRecord {
  json id;
  std::string image;
  std::vector<LlavaTurn> conversations;
  template <class Fields>
  void fields(Fields& field) {
    field("id", id);
    field("image", image);
    field("conversations", conversations);
  }
  void validate(Faults& faults) const {
    faults.expect(!id_of(id).empty(), "expected an id, a whole number or a text, got {}", dump_json(id).substr(0, 80));
  }
};

class LlavaFiles : public FileDataset<InstructionDataset, InstructionSample> {
 public:
  using FileDataset::FileDataset;
  Image image(std::size_t index) const override { return sample(index).image.empty() ? Image() : FileDataset::image(index); }
  bool has_image(std::size_t index) const override { return sample(index).image.empty() || FileDataset::has_image(index); }
};

std::size_t count_tokens(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(image_token); at != std::string_view::npos; at = text.find(image_token, at + 1)) ++count;
  return count;
}

std::string without_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

class LlavaReader {
 public:
  explicit LlavaReader(PictureFinder finder) : finder_(std::move(finder)) {}

  void add(const LlavaRecord& record, const std::string& where) {
    InstructionSample sample{.id = id_of(record.id), .image = record.image};
    if (!read_turns(record, sample) || !take_token(sample) || !is_new(sample)) return;
    fs::path image;
    if (!sample.image.empty()) image = finder_.find(sample.image);
    for (const InstructionRound& round : sample.rounds)
      if (round.question.empty()) return report(DatasetFault::blank_text, sample.id, where + ": expected a text beside <image>");
    records_.push_back({.sample = std::move(sample), .image = std::move(image)});
  }

  std::unique_ptr<InstructionDataset> finish(std::size_t listed, const fs::path& file, const InstructionDatasetOptions& options) {
    report_.count_records(listed, report_.total());
    check_faults(report_, records_.size(), "sample", options.max_fault_share, file.string());
    return std::make_unique<LlavaFiles>(std::move(records_), std::move(report_), options.image_limits);
  }

  DatasetReport& report() { return report_; }

 private:
  void report(DatasetFault fault, const std::string& sample, std::string message) {
    report_.add(fault, sample, std::move(message));
  }

  // Rounds of what a human and gpt say in turns; the first fault ends it.
  bool read_turns(const LlavaRecord& record, InstructionSample& sample) {
    const std::vector<LlavaTurn>& turns = record.conversations;
    for (std::size_t i = 0; i < turns.size(); ++i) {
      const std::string_view expected = i % 2 == 0 ? "human" : "gpt";
      if (turns[i].from == expected) continue;
      report(DatasetFault::wrong_turns, sample.id,
             fmt::format("turn {}: expected \"from\": \"{}\", got \"{}\"", i + 1, expected, turns[i].from.substr(0, 80)));
      return false;
    }
    if (turns.empty() || turns.size() % 2 != 0) {
      report(DatasetFault::wrong_turns, sample.id, fmt::format("expected questions with answers, got {} turns", turns.size()));
      return false;
    }
    for (std::size_t i = 0; i < turns.size(); i += 2) {
      const auto question = read_text(turns[i].value, sample.id, report_);
      const auto answer = question ? read_text(turns[i + 1].value, sample.id, report_) : std::nullopt;
      if (!answer) return false;
      sample.rounds.push_back({.question = *question, .answer = *answer});
    }
    return true;
  }

  // Takes the picture's token out of the first question, the only place where one may be.
  bool take_token(InstructionSample& sample) {
    std::size_t elsewhere = 0;
    for (const InstructionRound& round : sample.rounds)
      elsewhere += count_tokens(round.answer) + (&round == &sample.rounds.front() ? 0 : count_tokens(round.question));
    std::string& first = sample.rounds.front().question;
    const std::size_t wanted = sample.image.empty() ? 0 : 1, found = count_tokens(first);
    if (found == wanted && elsewhere == 0) {
      if (wanted == 1) first.erase(first.find(image_token), image_token.size());
      first = without_blanks(first);
      return true;
    }
    report(DatasetFault::image_token, sample.id,
           fmt::format("expected {} {} in the first text{}, got {} there and {} elsewhere", wanted, image_token,
                       sample.image.empty() ? " of a sample without a picture" : "", found, elsewhere));
    return false;
  }

  bool is_new(const InstructionSample& sample) {
    const auto [known, first] = image_of_id_.try_emplace(sample.id, sample.image);
    std::string dialogue = sample.id;
    for (const InstructionRound& round : sample.rounds) dialogue += "\n" + round.question + "\n" + round.answer;
    const bool new_dialogue = dialogues_.insert(checksum(dialogue)).second;
    if (first || (new_dialogue && known->second == sample.image)) return true;
    report(DatasetFault::duplicate_id, sample.id,
           known->second == sample.image ? "a second sample of this id with the same dialogue"
                                         : fmt::format("the id belongs to {}, too", known->second));
    return false;
  }

  PictureFinder finder_;
  std::vector<LlavaFiles::Record> records_;
  std::map<std::string, std::string> image_of_id_;
  std::set<std::uint64_t> dialogues_;  // checksums
  DatasetReport report_;
};

fs::path find_file(const fs::path& path, std::string_view split) {
  check(fs::exists(path), "data: {} does not exist", path.string());
  if (!fs::is_directory(path)) return path;
  const fs::path folder = path_inside(path, split.empty() ? "." : split);
  return fs::exists(folder / "instruct.json") ? folder / "instruct.json" : path / "instruct.json";
}

}  // namespace

std::unique_ptr<InstructionDataset> open_instruction_dataset(std::string_view spec, std::string_view split,
                                                             const InstructionDatasetOptions& options) {
  const std::size_t colon = std::min(spec.size(), spec.find(':'));
  const std::string_view kind = spec.substr(0, colon), path = spec.substr(std::min(spec.size(), colon + 1));
  if (kind == "world") return open_world_instructions(path, split);
  check(kind == "llava", "data: expected world or llava before the colon, got \"{}\"", spec);
  const fs::path file = find_file(path, split);
  const json list = read_label_json(file, {.bytes = max_json_bytes});
  check(list.is_array(), "{}: expected a list of {{\"id\", \"image\", \"conversations\"}}, got {}", file.string(),
        list.type_name());
  std::vector<fs::path> folders = LabelFiles{file, picture_folder(file, options.images)}.picture_folders();
  LlavaReader reader(PictureFinder(std::move(folders)));
  read_records<LlavaRecord>(list, "", reader.report(),
                            [&](const LlavaRecord& record, const std::string& where) { reader.add(record, where); });
  return reader.finish(list.size(), file, options);
}

json to_json(const InstructionSample& sample) {
  json turns = json::array();
  for (const InstructionRound& round : sample.rounds) {
    const bool first = &round == &sample.rounds.front() && !sample.image.empty();
    turns.push_back({{"from", "human"}, {"value", (first ? std::string(image_token) + "\n" : "") + round.question}});
    turns.push_back({{"from", "gpt"}, {"value", round.answer}});
  }
  json object = {{"id", sample.id}, {"conversations", std::move(turns)}};
  if (!sample.image.empty()) object["image"] = sample.image;
  return object;
}

}  // namespace omma
