#include "omma/jobs/annotate.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <thread>
#include <unordered_set>

#include "omma/base/error.h"
#include "omma/base/log.h"
#include "omma/base/progress.h"
#include "omma/base/stopwatch.h"
#include "omma/base/threads.h"
#include "omma/data/annotation_writer.h"
#include "omma/io/image_file.h"
#include "omma/jobs/annotate_summary.h"
#include "omma/jobs/picture_list.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

const AnnotateOptions& checked(const AnnotateOptions& options) {
  check(options.batch >= 1, "batch: expected at least 1, got {}", options.batch);
  check(options.samples_per_shard >= 1, "samples per shard: expected at least 1, got {}", options.samples_per_shard);
  check(!options.phrases.empty(), "annotate: expected phrases, got none");
  std::unordered_set<std::string> seen;
  for (const AnnotatedPhrase& phrase : options.phrases) {
    check(!phrase.phrase.empty() && !phrase.class_name.empty(), "phrase: expected a phrase and a class, got \"{}={}\"",
          phrase.phrase, phrase.class_name);
    check(seen.insert(phrase.phrase).second, "phrase: \"{}\" is given twice", phrase.phrase);
  }
  return options;
}

json parameters_of(const AnnotateOptions& options, bool masks) {
  json phrases = json::array();
  for (const AnnotatedPhrase& phrase : options.phrases) phrases.push_back({phrase.phrase, phrase.class_name});
  const auto threshold = [](std::optional<float> value) { return value ? json(*value) : json("the model's"); };
  json parameters = {{"job", "annotate"},
                     {"phrases", std::move(phrases)},
                     {"format", options.format},
                     {"masks", masks},
                     {"box_threshold", threshold(options.box_threshold)},
                     {"nms", threshold(options.nms)},
                     {"samples_per_shard", options.samples_per_shard}};
  if (options.polygons) parameters["polygons"] = true;
  parameters.update(options.models);
  return parameters;
}

std::unique_ptr<AnnotationWriter> open_writer(const AnnotateOptions& options, bool masks) {
  const MaskForm form = options.polygons ? MaskForm::polygons : MaskForm::run_lengths;
  return open_annotation_writer(
      options.format, {.out = options.out, .classes = classes_of(options.phrases), .masks = masks ? form : MaskForm::none});
}

fs::path job_folder(const fs::path& out) {
  expect_own_folder(out, fs::path("job") / "job.json");
  return out / "job";
}

// Of several ranks that end at once one writes the set's files, and then the others do: none of them knows whether it is the last.
std::unique_ptr<DirectoryLock> wait_for_lock(const fs::path& folder) {
  while (true) {
    try {
      return std::make_unique<DirectoryLock>(folder, "summary");
    } catch (const std::invalid_argument&) {  // another rank has it
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
}

// Files of the data set that a killed process had not finished.
void remove_unfinished(const fs::path& out) {
  std::vector<fs::path> unfinished;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(out))
    if (entry.path().extension() == ".partial") unfinished.push_back(entry.path());
  for (const fs::path& file : unfinished) fs::remove(file);
}

bool is_readable(const fs::path& file) {
  try {
    read_image(file);
    return true;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

struct PictureInWork {
  AnnotatedPicture labels;
  fs::path file;
  Image image = {};
  std::string error = {};  // why there are no labels
};

// Pictures on record in the job's folder as those that could not be read: who deletes them can go on.
std::set<std::string> failed_pictures(const fs::path& job) {
  std::set<std::string> failed;
  for (const fs::directory_entry& entry : fs::directory_iterator(job)) {
    if (!entry.path().filename().string().starts_with("manifest-") || entry.path().extension() != ".json") continue;
    const json manifest = read_json(entry.path());
    for (const json& failure : manifest.at("failures")) failed.insert(failure.at("image").get<std::string>());
  }
  return failed;
}

class Annotator {
 public:
  Annotator(Detector& detector, Segmenter* segmenter, const AnnotateOptions& options)
      : detector_(detector),
        segmenter_(segmenter),
        options_(checked(options)),
        classes_(classes_of(options.phrases)),
        writer_(open_writer(options, segmenter != nullptr)),
        job_({.out = job_folder(options.out), .parameters = parameters_of(options, segmenter != nullptr), .rank = options.rank}),
        list_(options.pictures, {.folder = options.out / "job",
                                 .shard_size = options.samples_per_shard,
                                 .accepts_new = options.accepts_new,
                                 .may_be_gone = failed_pictures(options.out / "job"),
                                 .rank = options.rank}),
        progress_("annotate", 0) {
    job_.add_inputs(list_.shard_inputs());
    for (const AnnotatedPhrase& phrase : options.phrases) {
      phrases_.push_back(phrase.phrase);
      class_of_phrase_.push_back(static_cast<int>(std::ranges::find(classes_, phrase.class_name) - classes_.begin()));
    }
  }

  json run();

 private:
  void reopen_mended();
  json make_shard(std::size_t number);
  std::vector<PictureInWork> read_batch(std::size_t begin, std::size_t end) const;
  void label(std::vector<PictureInWork>& batch);
  void segment(PictureInWork& picture);
  void write_labels(PictureInWork& picture) const;
  json finish(const std::vector<json>& manifests);

  Detector& detector_;
  Segmenter* segmenter_;
  const AnnotateOptions& options_;
  std::vector<std::string> classes_;
  std::vector<std::string> phrases_;
  std::vector<int> class_of_phrase_;
  std::unique_ptr<AnnotationWriter> writer_;
  ShardJob job_;
  PictureList list_;
  Progress progress_;
};

// Shards of this rank in which a picture failed that can be read now are made anew.
void Annotator::reopen_mended() {
  const std::vector<json> manifests = job_.manifests();
  for (std::size_t shard = 0; shard < job_.size(); ++shard) {
    if (!job_.owns(shard) || manifests[shard].is_null()) continue;
    const json& failures = manifests[shard].at("failures");
    const auto mended = [](const json& failure) { return is_readable(failure.at("image").get<std::string>()); };
    if (std::any_of(failures.begin(), failures.end(), mended)) fs::remove(job_.file("manifest", shard, "json"));
  }
}

json Annotator::run() {
  if (options_.accepts_new) reopen_mended();
  std::int64_t mine = 0, done = 0;  // pictures
  const std::vector<json> before = job_.manifests();
  for (std::size_t i = 0; i < job_.size(); ++i) {
    const auto pictures = static_cast<std::int64_t>(list_.shards()[i].end - list_.shards()[i].begin);
    if (!job_.owns(i)) continue;
    mine += pictures;
    if (!before[i].is_null()) done += pictures;
  }
  progress_ = Progress("annotate", mine, done);
  job_.run([&](std::size_t shard) { return make_shard(shard); });

  const std::vector<json> manifests = job_.manifests();
  const auto missing = static_cast<std::size_t>(std::ranges::count_if(manifests, &json::is_null));
  if (missing == 0) return finish(manifests);
  std::size_t failures = 0;
  for (const json& manifest : manifests)
    if (!manifest.is_null()) failures += manifest.at("failures").size();
  return {{"shards", job_.size()}, {"done", job_.size() - missing}, {"failures", {{"total", failures}}}};
}

json Annotator::make_shard(std::size_t number) {
  Stopwatch watch;
  const PictureList::Shard shard = list_.shards()[number];
  std::string lines;
  json failures = json::array();
  for (std::size_t begin = shard.begin; begin < shard.end; begin += static_cast<std::size_t>(options_.batch)) {
    std::vector<PictureInWork> batch = read_batch(begin, std::min(begin + static_cast<std::size_t>(options_.batch), shard.end));
    label(batch);
    for (PictureInWork& picture : batch) {
      write_labels(picture);
      if (picture.error.empty()) {
        lines += dump_json(to_json(picture.labels)) + "\n";
      } else {
        log_warning("{}", picture.error);
        failures.push_back({{"image", picture.file.string()}, {"error", picture.error}});
      }
    }
    progress_.advance(std::ssize(batch));
  }
  write_file(job_.file("records", number, "jsonl"), lines);
  return {{"failures", std::move(failures)}, {"seconds", watch.lap() / 1000}};
}

void Annotator::write_labels(PictureInWork& picture) const {
  if (!picture.error.empty()) return;
  try {
    writer_->write_picture(picture.labels, picture.file);
  } catch (const std::invalid_argument& error) {  // more than the format can hold
    picture.error = error.what();
  }
}

std::vector<PictureInWork> Annotator::read_batch(std::size_t begin, std::size_t end) const {
  std::vector<PictureInWork> batch(end - begin);
  parallel_for(std::ssize(batch), options_.threads, [&](std::int64_t first, std::int64_t last) {
    for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i) {
      const ListedPicture& listed = list_.pictures()[begin + i];
      PictureInWork& picture = batch[i];
      picture.file = listed.file;
      picture.labels = {
          .index = static_cast<std::int64_t>(begin + i), .file_name = listed.file.filename().string(), .name = listed.name};
      try {
        picture.image = read_image(listed.file);
        picture.labels.width = picture.image.width;
        picture.labels.height = picture.image.height;
      } catch (const std::invalid_argument& error) {
        picture.error = error.what();
      }
    }
  });
  return batch;
}

void Annotator::label(std::vector<PictureInWork>& batch) {
  std::vector<PictureInWork*> pictures;
  std::vector<Image> images;
  for (PictureInWork& picture : batch) {
    if (!picture.error.empty()) continue;
    pictures.push_back(&picture);
    images.push_back(std::move(picture.image));
  }
  if (images.empty()) return;
  const std::vector<DetectionResult> results =
      detector_.detect(images, {.phrases = phrases_, .caption = {}},
                       {.box_threshold = options_.box_threshold, .text_threshold = {}, .nms = options_.nms});
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    for (const Detection& detection : results.at(i).detections) {
      if (!(detection.box.area() > 0)) continue;  // a line at the picture's edge is no object
      const auto phrase = static_cast<std::size_t>(detection.phrase_index.value());
      pictures[i]->labels.objects.push_back(
          {.class_index = class_of_phrase_.at(phrase), .box = detection.box, .score = detection.score});
    }
    pictures[i]->image = std::move(images[i]);
    if (segmenter_ != nullptr) segment(*pictures[i]);
    pictures[i]->image = {};
  }
}

void Annotator::segment(PictureInWork& picture) {
  std::vector<SegmentationPrompt> prompts;
  for (const AnnotatedObject& object : picture.labels.objects) prompts.push_back({.box = object.box});
  if (prompts.empty()) return;
  SegmentationResult result = segmenter_->segment(picture.image, prompts);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    AnnotatedObject& object = picture.labels.objects[i];
    SegmentedMask& mask = result.objects.at(i).at(0);
    object.mask = std::move(mask.mask);
    object.predicted_iou = mask.predicted_iou;
    object.stability = mask.stability;
  }
}

json Annotator::finish(const std::vector<json>& manifests) {
  const auto lock = wait_for_lock(options_.out / "job");
  remove_unfinished(options_.out);
  AnnotateSummary summary(classes_);
  for (std::size_t shard = 0; shard < job_.size(); ++shard) {
    summary.add_shard(manifests[shard]);
    const fs::path file = job_.file("records", shard, "jsonl");
    const MappedFile lines(file);
    std::string_view rest = lines.text();
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      const AnnotatedPicture picture = read_annotated_picture(line, file.string());
      writer_->add(picture);
      summary.add(picture);
    }
  }
  writer_->finish();
  const json object = summary.to_json();
  write_file(options_.out / "job" / "summary.json", dump_json(object, 2) + "\n");
  write_image(options_.out / "job" / "contact.png", summary.draw([&](const AnnotatedPicture& picture) {
    return read_image(list_.pictures().at(static_cast<std::size_t>(picture.index)).file);
  }));
  return object;
}

}  // namespace

AnnotatedPhrase read_annotated_phrase(std::string_view text) {
  const std::size_t split = text.rfind('=');
  const std::string phrase(text.substr(0, split));
  const std::string name = split == std::string_view::npos ? phrase : std::string(text.substr(split + 1));
  check(!phrase.empty() && !name.empty(), "phrase: expected PHRASE or PHRASE=CLASS, got \"{}\"", text);
  return {.phrase = phrase, .class_name = name};
}

std::vector<std::string> classes_of(const std::vector<AnnotatedPhrase>& phrases) {
  std::vector<std::string> classes;
  for (const AnnotatedPhrase& phrase : phrases)
    if (std::ranges::find(classes, phrase.class_name) == classes.end()) classes.push_back(phrase.class_name);
  return classes;
}

void expect_annotatable(const AnnotateOptions& options, bool masks) {
  open_writer(checked(options), masks);
  job_folder(options.out);
}

json annotate(Detector& detector, Segmenter* segmenter, const AnnotateOptions& options) {
  return Annotator(detector, segmenter, options).run();
}

}  // namespace omma
