#include "omma/jobs/bootstrap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "omma/base/checksum.h"
#include "omma/base/error.h"
#include "omma/base/progress.h"
#include "omma/base/rng.h"
#include "omma/base/threads.h"
#include "omma/data/caption_shards.h"
#include "omma/io/tar_shard.h"
#include "omma/jobs/bootstrap_record.h"
#include "omma/jobs/bootstrap_summary.h"
#include "omma/jobs/contact_sheet.h"

namespace omma {
namespace {

constexpr std::int64_t min_samples = 100;                                       // before which no share of faults is judged
const MatchOptions match_options{.itm = true, .itc = false, .max_tokens = 35};  // the paper's length

struct Sample {
  BootstrapRecord record;
  PictureFile file = {};
  Image image = {};  // empty where it cannot be read
};

Sample read_sample(const CaptionShard& shard, std::size_t index) {
  const CaptionDataset& data = *shard.dataset;
  const CaptionSample source = data.sample(index);
  const json notes = data.notes(index);
  const auto note = [&](const char* name) {
    const auto found = notes.find(name);
    return found != notes.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  Sample sample{.record = {.key = shard.member_key(index),
                           .image = shard.named ? "" : source.key,
                           .noise = note("noise"),
                           .true_caption = note("true_caption")}};
  for (const std::string& caption : source.captions) sample.record.web.push_back({.text = caption});
  try {
    sample.file = data.picture_file(index);
    sample.image = decode_image(sample.file.bytes, source.key);
  } catch (const std::invalid_argument& error) {
    sample.record.fault = name_of(DatasetFault::unreadable_picture);
    sample.record.error = error.what();
  }
  return sample;
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// One shard's files, published together by finish().
class ShardOutput {
 public:
  ShardOutput(std::filesystem::path clean, std::filesystem::path records)
      : clean_(std::move(clean)), records_(std::move(records)), writer_(clean_) {}

  void add(const Sample& sample) {
    add_line(sample.record);
    const std::vector<std::string> texts = sample.record.kept_texts();
    if (texts.empty()) return;
    const std::string text = texts.size() == 1 ? texts.front() : dump_json({{"caption", texts}});
    writer_.append(sample.record.key, std::array{ShardFile{sample.file.extension, sample.file.bytes},
                                                 ShardFile{texts.size() == 1 ? "txt" : "json", bytes_of(text)}});
    has_samples_ = true;
  }

  void add_line(const BootstrapRecord& record) { lines_ += dump_json(to_json(record)) + "\n"; }

  void finish() {
    write_file(records_, lines_);
    if (has_samples_)
      writer_.finish();
    else
      std::filesystem::remove(clean_);  // of an earlier try, in another batch size
  }

 private:
  std::filesystem::path clean_, records_;
  TarShardWriter writer_;
  std::string lines_;
  bool has_samples_ = false;
};

struct SampleCount {
  std::int64_t samples = 0, faults = 0;  // samples: faulty ones, too

  void add(const SampleCount& more) {
    samples += more.samples;
    faults += more.faults;
  }
};

SampleCount count_of(const json& manifest) {
  if (manifest.is_null()) return {};
  return {.samples = manifest.value("samples", std::int64_t{0}), .faults = manifest.value("faults", std::int64_t{0})};
}

// How many samples there will be, from what a part of the shards holds: a tar's are counted when it is opened.
struct Workload {
  std::int64_t samples = 0;
  std::uint64_t weight = 0, whole_weight = 0;

  std::int64_t whole() const {
    if (weight == 0) return samples;
    return static_cast<std::int64_t>(static_cast<double>(samples) * static_cast<double>(whole_weight) /
                                     static_cast<double>(weight));
  }
};

double probability(const TextMatch& match) {
  check(match.itm && *match.itm >= 0 && *match.itm <= 1, "filter: expected a matching probability of 0 to 1, got {}",
        match.itm ? fmt::to_string(*match.itm) : "none");
  return std::round(static_cast<double>(*match.itm) * 1e6) / 1e6;
}

class Bootstrapper {
 public:
  Bootstrapper(Captioner& captioner, Matcher& filter, const BootstrapOptions& options);
  json run();

 private:
  json make_shard(std::size_t number);
  std::vector<Sample> read_batch(const CaptionShard& shard, std::size_t first) const;
  void process(std::vector<Sample>& batch);
  void describe(std::span<Sample* const> samples, std::span<const Image> images);
  void judge(std::span<Sample* const> samples, std::span<const Image> images);
  std::optional<double> judge_alone(const Image& image, const std::string& text, BootstrapRecord& record);
  void expect_few_faults(std::int64_t least) const;
  json finish() const;
  void write_contact_sheet(const BootstrapSummary& summary) const;

  Captioner& captioner_;
  Matcher& filter_;
  const BootstrapOptions& options_;
  CaptionShards shards_;
  ShardJob job_;
  Workload workload_;  // of this rank
  std::optional<Progress> progress_;
  SampleCount seen_;  // of all ranks, as far as this one knows
  std::string last_fault_;
};

const BootstrapOptions& checked(const BootstrapOptions& options) {
  const auto is_share = [](double value) { return value >= 0 && value <= 1; };
  check(is_share(options.threshold), "threshold: expected 0 to 1, got {}", options.threshold);
  check(is_share(options.top_p) && options.top_p > 0, "top-p: expected above 0 to 1, got {}", options.top_p);
  check(is_share(options.max_fault_share), "max-fault-share: expected 0 to 1, got {}", options.max_fault_share);
  check(options.batch >= 1, "batch: expected at least 1, got {}", options.batch);
  check(options.samples_per_shard >= 1, "samples per shard: expected at least 1, got {}", options.samples_per_shard);
  return options;
}

json parameters_of(const BootstrapOptions& options) {
  json parameters = {{"job", "bootstrap"},
                     {"data", options.data},
                     {"split", options.split},
                     {"threshold", options.threshold},
                     {"top_p", options.top_p},
                     {"seed", options.seed},
                     {"samples_per_shard", options.samples_per_shard}};
  parameters.update(options.models);
  return parameters;
}

Bootstrapper::Bootstrapper(Captioner& captioner, Matcher& filter, const BootstrapOptions& options)
    : captioner_(captioner),
      filter_(filter),
      options_(checked(options)),
      shards_(options.data, options.split, static_cast<std::size_t>(options.samples_per_shard),
              {.max_fault_share = options.max_fault_share}),
      job_({.out = options.out, .parameters = parameters_of(options), .inputs = shards_.names(), .rank = options.rank}) {
  const std::vector<json> manifests = job_.manifests();
  for (std::size_t shard = 0; shard < manifests.size(); ++shard) {
    const SampleCount done = count_of(manifests[shard]);
    seen_.add(done);
    if (!job_.owns(shard)) continue;
    workload_.whole_weight += shards_.weight(shard);
    if (manifests[shard].is_null()) continue;
    workload_.weight += shards_.weight(shard);
    workload_.samples += done.samples;
  }
  progress_.emplace("bootstrap", workload_.whole(), workload_.samples);
}

json Bootstrapper::run() {
  job_.run([&](std::size_t shard) { return make_shard(shard); });
  std::size_t done = 0;
  seen_ = {};
  for (const json& manifest : job_.manifests()) {
    done += !manifest.is_null();
    seen_.add(count_of(manifest));
  }
  expect_few_faults(0);
  if (done < job_.size()) return {{"shards", job_.size()}, {"done", done}};
  return finish();
}

json Bootstrapper::make_shard(std::size_t number) {
  const CaptionShard shard = shards_.open(number);
  const auto left_out = static_cast<std::int64_t>(shard.report.total());
  workload_.samples += static_cast<std::int64_t>(shard.size()) + left_out;
  workload_.weight += shards_.weight(number);
  progress_->set_total(workload_.whole());
  SampleCount count;
  const auto add = [&](const SampleCount& more) {
    count.add(more);
    seen_.add(more);
    expect_few_faults(min_samples);
    progress_->advance(more.samples, seen_.faults > 0 ? fmt::format("{} faulty", seen_.faults) : "");
  };

  ShardOutput output(job_.file("clean", number, "tar"), job_.file("records", number, "jsonl"));
  for (std::size_t first = shard.begin; first < shard.end; first += static_cast<std::size_t>(options_.batch)) {
    std::vector<Sample> batch = read_batch(shard, first);
    process(batch);
    SampleCount more{.samples = std::ssize(batch)};
    for (const Sample& sample : batch) {
      output.add(sample);
      if (sample.record.fault.empty()) continue;
      ++more.faults;
      last_fault_ = sample.record.error;
    }
    add(more);
  }
  for (const DatasetIssue& issue : shard.report.issues()) {
    last_fault_ = issue.message;
    output.add_line({.key = issue.sample, .fault = std::string(name_of(issue.fault)), .error = issue.message});
  }
  add({.samples = left_out, .faults = left_out});
  output.finish();
  return {{"samples", count.samples}, {"faults", count.faults}};
}

std::vector<Sample> Bootstrapper::read_batch(const CaptionShard& shard, std::size_t first) const {
  std::vector<Sample> batch(std::min(static_cast<std::size_t>(options_.batch), shard.end - first));
  parallel_for(std::ssize(batch), options_.threads, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) batch[i] = read_sample(shard, first + i);
  });
  return batch;
}

void Bootstrapper::process(std::vector<Sample>& batch) {
  std::vector<Sample*> samples;
  std::vector<Image> images;
  for (Sample& sample : batch) {
    if (sample.image.empty()) continue;
    samples.push_back(&sample);
    images.push_back(std::move(sample.image));
  }
  if (images.empty()) return;
  describe(samples, images);
  judge(samples, images);
}

void Bootstrapper::describe(std::span<Sample* const> samples, std::span<const Image> images) {
  CaptionOptions options;
  options.generation.sample = true;
  options.generation.top_p = options_.top_p;
  for (const Sample* sample : samples) options.seeds.push_back(Rng(options_.seed, checksum(sample->record.key)).bits());
  std::vector<CaptionResult> results = captioner_.caption(images, options);
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i]->record.synthetic = JudgedText{.text = std::move(results.at(i).captions.at(0).text)};
}

void Bootstrapper::judge(std::span<Sample* const> samples, std::span<const Image> images) {
  std::vector<std::vector<JudgedText*>> judged(samples.size());
  std::vector<std::vector<std::string>> texts(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    BootstrapRecord& record = samples[i]->record;
    for (JudgedText& text : record.web) judged[i].push_back(&text);
    if (record.synthetic->text.find_first_not_of(" \t\r\n") != std::string::npos) judged[i].push_back(&*record.synthetic);
    for (const JudgedText* text : judged[i]) texts[i].push_back(text->text);
  }
  try {
    const std::vector<MatchResult> results = filter_.match_each(images, texts, match_options);
    for (std::size_t i = 0; i < samples.size(); ++i)
      for (std::size_t t = 0; t < texts[i].size(); ++t) judged[i][t]->itm = probability(results.at(i).matches.at(t));
  } catch (const std::invalid_argument&) {  // one of them: the others are not to suffer
    for (std::size_t i = 0; i < samples.size(); ++i)
      for (JudgedText* text : judged[i]) text->itm = judge_alone(images[i], text->text, samples[i]->record);
  }
  for (const auto& of_sample : judged)
    for (JudgedText* text : of_sample) text->kept = text->itm && *text->itm >= options_.threshold;
}

std::optional<double> Bootstrapper::judge_alone(const Image& image, const std::string& text, BootstrapRecord& record) {
  try {
    return probability(filter_.match({&image, 1}, {&text, 1}, match_options).at(0).matches.at(0));
  } catch (const std::invalid_argument& error) {
    record.fault = name_of(DatasetFault::malformed_text);
    record.error = error.what();
    return std::nullopt;
  }
}

void Bootstrapper::expect_few_faults(std::int64_t least) const {
  const auto samples = static_cast<double>(std::max(seen_.samples, least));
  if (options_.max_fault_share >= 1 || static_cast<double>(seen_.faults) <= options_.max_fault_share * samples) return;
  fail("bootstrap: {} of {} samples are faulty, over the limit of {:g} %{}{}; what is done stays in {}", seen_.faults,
       seen_.samples, 100 * options_.max_fault_share, last_fault_.empty() ? "" : ": last ", last_fault_, options_.out.string());
}

json Bootstrapper::finish() const {
  BootstrapSummary summary;
  for (std::size_t shard = 0; shard < job_.size(); ++shard) {
    const std::filesystem::path file = job_.file("records", shard, "jsonl");
    const MappedFile lines(file);
    std::string_view rest = lines.text();
    for (std::size_t place = 0; !rest.empty(); ++place) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      const std::string where = fmt::format("{}:{}", file.string(), place + 1);
      summary.add({.record = read_bootstrap_record(line, where), .shard = shard, .place = place});
    }
  }
  json object = summary.to_json();
  object["threshold"] = options_.threshold;
  object["shards"] = job_.size();
  object["faults"]["total"] = seen_.faults;
  object["faults"]["share"] = static_cast<double>(seen_.faults) / static_cast<double>(std::max(seen_.samples, std::int64_t{1}));
  write_file(options_.out / "summary.json", dump_json(object, 2) + "\n");
  write_contact_sheet(summary);
  return object;
}

ContactText contact_text(const char* of, const JudgedText& text) {
  const std::string score = text.itm ? fmt::format(" {:.2f}", *text.itm) : "";
  return {.decision = fmt::format("{} {}{}", of, text.kept ? "kept" : "dropped", score), .good = text.kept, .text = text.text};
}

void Bootstrapper::write_contact_sheet(const BootstrapSummary& summary) const {
  std::vector<ContactRow> rows;
  std::int64_t samples = 0;
  for (const BootstrapGroup& group : summary.groups()) {
    samples += group.samples;
    if (group.samples == 0) continue;
    ContactRow& row = rows.emplace_back();
    row.title = fmt::format("web {}, synthetic {}: {} samples", group.web_kept ? "kept" : "dropped",
                            group.synthetic_kept ? "kept" : "dropped", group.samples);
    for (const auto& [draw, example] : group.examples) {
      const CaptionShard shard = shards_.open(example.shard);
      ContactCard& card = row.cards.emplace_back();
      card.picture = shard.dataset->image(shard.begin + example.place);
      card.texts = {contact_text("web", example.record.web.at(0)), contact_text("synthetic", *example.record.synthetic)};
    }
  }
  const std::string title = fmt::format("{} samples, texts kept from a probability of {:g} on", samples, options_.threshold);
  write_image(options_.out / "contact.png", draw_contact_sheet(title, rows));
}

}  // namespace

json bootstrap(Captioner& captioner, Matcher& filter, const BootstrapOptions& options) {
  return Bootstrapper(captioner, filter, options).run();
}

}  // namespace omma
