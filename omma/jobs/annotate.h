// Labels for folders of pictures: a detector finds what phrases name, and a segmenter cuts out what stands in its boxes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/json.h"
#include "omma/jobs/shard_job.h"
#include "omma/tasks/detector.h"
#include "omma/tasks/segmenter.h"

namespace omma {

// What to look for, and how the labels are to call it.
struct AnnotatedPhrase {
  std::string phrase;
  std::string class_name;  // several phrases may share one
};

// "shot glass=cup", split at the last "="; "cup" is its own class. Throws std::invalid_argument where one of the two is empty.
AnnotatedPhrase read_annotated_phrase(std::string_view text);

struct AnnotateOptions {
  std::vector<std::filesystem::path> pictures = {};
  std::vector<AnnotatedPhrase> phrases;
  std::filesystem::path out;
  std::string format = "coco";              // see annotation_writer.h
  bool polygons = false;                    // where the format has a choice
  json models = json::object();             // what names them in job.json: a job is not continued with others
  std::optional<float> box_threshold = {};  // see DetectionOptions
  std::optional<float> nms = {};            // likewise
  std::size_t samples_per_shard = 32;       // pictures that are done or not as one
  // These may change between runs of one job:
  bool accepts_new = false;  // pictures that the job does not have yet, and those that failed and can be read now
  JobRank rank = {};
  int batch = 4;    // pictures
  int threads = 1;  // that decode pictures
};

// The classes of the phrases, each once, in their order.
std::vector<std::string> classes_of(const std::vector<AnnotatedPhrase>& phrases);

// What annotate() would refuse before it begins, for who has models to load first. `masks`: there is a segmenter.
void expect_annotatable(const AnnotateOptions& options, bool masks);

// Writes the data set of a format into `out`, and into out/job, as a ShardJob does, of shard 17: records-000017.jsonl with an
// AnnotatedPicture for each picture, and manifest-000017.json with those that could not be read, as a list of failures: they are
// left out of the data set, and the others go on. When all shards are done, whatever rank's, also the data set's common files,
// job/summary.json and job/contact.png. Without a segmenter the labels are boxes.
//
// Throws std::invalid_argument for options that cannot be right and for a job of other options or pictures, naming what differs;
// new pictures are taken into one where accepts_new says so. Throws also what ShardJob, the models and the disk throw.
//
// Returns the summary, or {"shards", "done", "failures"} where other ranks are not finished.
json annotate(Detector& detector, Segmenter* segmenter, const AnnotateOptions& options);

}  // namespace omma
