#include "omma/jobs/instruct.h"

#include <algorithm>
#include <fstream>
#include <optional>

#include "omma/base/checksum.h"
#include "omma/base/error.h"
#include "omma/base/progress.h"
#include "omma/base/rng.h"
#include "omma/data/picture_texts.h"
#include "omma/jobs/instruct_page.h"
#include "omma/jobs/instruct_prompt.h"
#include "omma/jobs/instruct_record.h"
#include "omma/jobs/instruct_summary.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t min_questions = 100;  // before which no share of faults is judged

// The budget is used up: the run ends, and what is done counts.
struct OutOfBudget {};

const InstructOptions& checked(const InstructOptions& options) {
  check(!options.kinds.empty(), "kinds: expected at least one of conversation, detail and reasoning");
  for (const InstructKind kind : options.kinds)
    check(std::ranges::count(options.kinds, kind) == 1, "kinds: {} is named twice", name_of(kind));
  check(options.parallel >= 1 && options.parallel <= 1000, "parallel: expected 1 to 1000, got {}", options.parallel);
  check(options.pictures_per_shard >= 1, "pictures per shard: expected at least 1, got {}", options.pictures_per_shard);
  check(options.count >= 0, "count: expected at least 0, got {}", options.count);
  check(options.budget.requests >= 0 && options.budget.tokens >= 0, "budget: expected at least 0");
  const double share = options.max_fault_share;
  check(share >= 0 && share <= 1, "max-fault-share: expected 0 to 1, got {}", share);
  return options;
}

json prompts_of(const std::vector<InstructKind>& kinds) {
  json prompts = json::object();
  for (const InstructKind kind : kinds)
    for (const ChatMessage& message : instruct_prompt(kind, "..."))
      prompts[std::string(name_of(kind))].push_back({{"role", message.role}, {"content", message.content}});
  return prompts;
}

// What the pictures' texts are, where they come from files, which may change between two runs.
json texts_of(const PictureTexts& data, std::size_t pictures) {
  if (data.drawn()) return nullptr;
  std::uint64_t sum = 0;
  for (std::size_t index = 0; index < pictures; ++index) {
    const TextedPicture picture = data.sample(index);
    sum = checksum(fmt::format("{:x}\n{}\n{}", sum, picture.key, text_of(picture.text, PictureParts::captions_and_boxes)));
  }
  return fmt::format("{:016x}", sum);
}

json parameters_of(const InstructOptions& options, const json& texts) {
  json parameters = {{"job", "instruct"},
                     {"data", options.data},
                     {"split", options.split},
                     {"seed", options.seed},
                     {"count", options.count},
                     {"pictures_per_shard", options.pictures_per_shard},
                     {"prompts", fmt::format("{:016x}", checksum(dump_json(prompts_of(options.kinds))))}};
  for (const InstructKind kind : options.kinds) parameters["kinds"].push_back(name_of(kind));
  if (!texts.is_null()) parameters["texts"] = texts;
  parameters.update(options.teacher);
  return parameters;
}

std::size_t pictures_of(const PictureTexts& data, const InstructOptions& options) {
  return options.count == 0 ? data.size() : std::min(data.size(), static_cast<std::size_t>(options.count));
}

std::vector<std::string> shard_names(std::size_t pictures, std::size_t of_shard) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < pictures; begin += of_shard)
    names.push_back(fmt::format("pictures {} to {} of {}", begin, std::min(pictures, begin + of_shard) - 1, pictures));
  return names;
}

class Instructor {
 public:
  Instructor(const TeacherMaker& teacher, const InstructOptions& options);
  json run();

 private:
  struct Question {
    std::size_t index;  // of the picture
    InstructKind kind;
  };
  // What a question's record is made of beside the reply.
  struct Shard {
    std::size_t begin = 0, end = 0;
    std::vector<TextedPicture> pictures = {};
  };

  static std::string id_of(const TextedPicture& picture, InstructKind kind) {
    return fmt::format("{}#{}", picture.key, name_of(kind));
  }
  std::uint64_t seed_of(const std::string& id) const { return Rng(options_.seed, checksum(id)).bits(); }

  ReplyCost spent_so_far() const;
  Shard read_shard(std::size_t number) const;
  TeacherRequest request_for(const TextedPicture& picture, InstructKind kind) const;
  json make_shard(std::size_t number);
  std::map<std::string, std::string> ask(const Shard& shard, ReplyLedger& ledger);
  std::vector<InstructExample> records_of(const Shard& shard, const std::map<std::string, TeacherReply>& replies,
                                          const std::map<std::string, std::string>& failures) const;
  std::vector<InstructExample> read_records(std::size_t number) const;
  void write_pictures(const Shard& shard) const;
  void expect_few_faults(std::int64_t least) const;
  json finish();

  const InstructOptions& options_;
  std::unique_ptr<PictureTexts> data_;
  std::size_t pictures_;
  ShardJob job_;
  Questioning questioning_;
  std::optional<Progress> progress_;
  std::int64_t asked_ = 0, faults_ = 0;
  std::string last_fault_;
};

Instructor::Instructor(const TeacherMaker& teacher, const InstructOptions& options)
    : options_(checked(options)),
      data_(open_picture_texts(options.data, options.split, {.max_fault_share = options.max_fault_share})),
      pictures_(pictures_of(*data_, options)),
      job_({.out = options.out,
            .parameters = parameters_of(options, texts_of(*data_, pictures_)),
            .inputs = shard_names(pictures_, static_cast<std::size_t>(options.pictures_per_shard)),
            .rank = options.rank}),
      questioning_(teacher, options.parallel, options.budget, spent_so_far()) {
  log_faults(data_->report(), options.data);
  std::int64_t mine = 0, done = 0;
  const std::vector<json> manifests = job_.manifests();
  for (std::size_t number = 0; number < manifests.size(); ++number) {
    const auto size = static_cast<std::size_t>(options.pictures_per_shard);
    const auto questions =
        static_cast<std::int64_t>((std::min(pictures_, (number + 1) * size) - number * size) * options.kinds.size());
    if (!manifests[number].is_null()) {
      asked_ += questions;
      faults_ += manifests[number].value("faults", std::int64_t{0});
    }
    if (!job_.owns(number)) continue;
    mine += questions;
    if (!manifests[number].is_null()) done += questions;
  }
  progress_.emplace("instruct", mine, done);
}

// Of all ranks, as far as it is on disk.
ReplyCost Instructor::spent_so_far() const {
  ReplyCost cost;
  for (std::size_t number = 0; number < job_.size(); ++number)
    for (const auto& [key, reply] : read_replies(job_.file("replies", number, "jsonl"))) cost.add(reply);
  return cost;
}

json Instructor::run() {
  try {
    job_.run([&](std::size_t number) { return make_shard(number); });
  } catch (const OutOfBudget&) {
  }
  expect_few_faults(0);
  std::size_t done = 0;
  for (const json& manifest : job_.manifests()) done += !manifest.is_null();
  const bool stopped = questioning_.end() != BudgetEnd::none;
  json result = done == job_.size() || (stopped && options_.rank.ranks == 1) ? finish() : json::object();
  result["shards"] = job_.size();
  result["done"] = done;
  if (stopped) result["stopped"] = name_of(questioning_.end());
  if (result.contains("samples")) write_file(options_.out / "summary.json", dump_json(result, 2) + "\n");
  return result;
}

Instructor::Shard Instructor::read_shard(std::size_t number) const {
  const auto size = static_cast<std::size_t>(options_.pictures_per_shard);
  Shard shard{.begin = number * size, .end = std::min(pictures_, (number + 1) * size), .pictures = {}};
  for (std::size_t index = shard.begin; index < shard.end; ++index) shard.pictures.push_back(data_->sample(index));
  return shard;
}

TeacherRequest Instructor::request_for(const TextedPicture& picture, InstructKind kind) const {
  return {.kind = kind,
          .messages = instruct_prompt(kind, text_of(picture.text, parts_of(kind))),
          .seed = seed_of(id_of(picture, kind))};
}

json Instructor::make_shard(std::size_t number) {
  const Shard shard = read_shard(number);
  ReplyLedger ledger(job_.file("replies", number, "jsonl"));
  const std::map<std::string, std::string> failures = ask(shard, ledger);
  if (questioning_.end() != BudgetEnd::none &&
      ledger.replies().size() + failures.size() < shard.pictures.size() * options_.kinds.size())
    throw OutOfBudget();
  if (!failures.empty()) expect_few_faults(0);  // of a dead server no shard is done, and all is asked again
  write_pictures(shard);
  std::string lines;
  for (const InstructExample& picture : records_of(shard, ledger.replies(), failures))
    for (const InstructRecord& record : picture.records) lines += dump_json(to_json(record)) + "\n";
  write_file(job_.file("records", number, "jsonl"), lines);
  return {{"pictures", shard.pictures.size()}, {"faults", failures.size()}};
}

// For what has no reply yet.
std::map<std::string, std::string> Instructor::ask(const Shard& shard, ReplyLedger& ledger) {
  std::vector<Questioning::Item> items;
  for (const TextedPicture& picture : shard.pictures)
    for (const InstructKind kind : options_.kinds) {
      const std::string id = id_of(picture, kind);
      if (!ledger.replies().contains(id))
        items.push_back({.key = id, .request = [this, &picture, kind] { return request_for(picture, kind); }});
    }
  const auto known = static_cast<std::int64_t>(ledger.replies().size());
  asked_ += known;
  progress_->advance(known);
  return questioning_.ask(items, ledger, [&](bool failed, const std::string& reason) {
    ++asked_;
    faults_ += failed;
    if (failed) last_fault_ = reason;
    expect_few_faults(min_questions);
    progress_->advance(1, faults_ > 0 ? fmt::format("{} without a reply", faults_) : "");
  });
}

// In the order of the pictures and kinds; without a reply or a failure there is none.
std::vector<InstructExample> Instructor::records_of(const Shard& shard, const std::map<std::string, TeacherReply>& replies,
                                                    const std::map<std::string, std::string>& failures) const {
  std::vector<InstructExample> all;
  for (std::size_t i = 0; i < shard.pictures.size(); ++i) {
    const TextedPicture& picture = shard.pictures[i];
    const std::vector<SeenObject> objects = seen_objects(picture.text.boxes, data_->lexicon());
    InstructExample& example = all.emplace_back(InstructExample{.index = shard.begin + i, .records = {}});
    for (const InstructKind kind : options_.kinds) {
      const std::string id = id_of(picture, kind);
      const auto reply = replies.find(id);
      const auto failure = failures.find(id);
      if (reply == replies.end() && failure == failures.end()) continue;
      InstructRecord& record = example.records.emplace_back(InstructRecord{.id = id,
                                                                           .image = picture.image,
                                                                           .kind = kind,
                                                                           .prompt = text_of(picture.text, parts_of(kind)),
                                                                           .reply = {},
                                                                           .checked = {},
                                                                           .fault = {}});
      if (reply == replies.end()) {
        record.fault = failure->second;
        continue;
      }
      record.reply = reply->second;
      record.checked = check_reply(kind, reply->second, detail_request(seed_of(id)), objects, data_->lexicon());
    }
  }
  return all;
}

std::vector<InstructExample> Instructor::read_records(std::size_t number) const {
  const fs::path file = job_.file("records", number, "jsonl");
  const Shard shard{.begin = number * static_cast<std::size_t>(options_.pictures_per_shard)};
  const std::string text = read_file(file);
  std::vector<InstructExample> all;
  std::string_view rest = text;
  for (std::size_t line_number = 0; !rest.empty(); ++line_number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line_number % options_.kinds.size() == 0)
      all.push_back({.index = shard.begin + line_number / options_.kinds.size(), .records = {}});
    all.back().records.push_back(read_instruct_record(line, fmt::format("{}:{}", file.string(), line_number + 1)));
  }
  return all;
}

void Instructor::write_pictures(const Shard& shard) const {
  if (!data_->drawn()) return;
  fs::create_directories(options_.out / "images");
  for (std::size_t i = 0; i < shard.pictures.size(); ++i)
    write_image(options_.out / "images" / shard.pictures[i].image, data_->image(shard.begin + i));
}

void Instructor::expect_few_faults(std::int64_t least) const {
  const auto questions = static_cast<double>(std::max(asked_, least));
  if (options_.max_fault_share >= 1 || static_cast<double>(faults_) <= options_.max_fault_share * questions) return;
  fail("instruct: {} of {} questions have no reply, over the limit of {:g} %{}{}; what is done stays in {}", faults_, asked_,
       100 * options_.max_fault_share, last_fault_.empty() ? "" : ": last ", last_fault_, options_.out.string());
}

// All shards' records; of a shard that the budget ended, what its ledger has.
json Instructor::finish() {
  InstructSummary summary;
  const std::vector<json> manifests = job_.manifests();
  write_file(options_.out / "instruct.json", [&](const fs::path& file) {
    std::ofstream list(file);
    std::string_view separator = "[\n";
    const auto add = [&](InstructExample& picture) {
      for (const InstructRecord& record : picture.records)
        if (const auto sample = record.sample()) {
          list << separator << dump_json(to_json(*sample));
          separator = ",\n";
        }
      summary.add(std::move(picture));
    };
    for (std::size_t number = 0; number < manifests.size(); ++number) {
      if (!manifests[number].is_null()) {
        for (InstructExample& picture : read_records(number)) add(picture);
        continue;
      }
      const auto replies = read_replies(job_.file("replies", number, "jsonl"));
      if (replies.empty()) continue;
      const Shard shard = read_shard(number);
      write_pictures(shard);
      for (InstructExample& picture : records_of(shard, replies, {})) add(picture);
    }
    list << (separator == "[\n" ? "[]\n" : "\n]\n");
    if (!list.flush()) fail_runtime("{}: cannot write", file.string());
  });
  write_file(options_.out / "prompts.json", dump_json(prompts_of(options_.kinds), 2) + "\n");
  const json object = summary.to_json();
  write_file(options_.out / "index.html", instruct_page(summary, [&](std::size_t index) { return data_->image(index); }));
  return object;
}

}  // namespace

json instruct(const TeacherMaker& teacher, const InstructOptions& options) { return Instructor(teacher, options).run(); }

}  // namespace omma
