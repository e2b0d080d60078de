// Pictures with questions and their answers, of any origin in one form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/dataset_report.h"
#include "omma/io/image_file.h"
#include "omma/vision/image.h"

namespace omma {

struct QuestionSample {
  std::string key;  // question id, or scene and number
  std::string question;
  std::vector<std::string> answers;  // one, or one of each annotator (VQAv2: ten); at least one
  std::string type;                  // "count", "yes/no"...; "" where the data does not tell
};

struct QuestionedImage {
  QuestionSample sample;
  Image image;
};

// All access is const and thread-safe. Several questions may share a picture; they stand together.
class QuestionDataset {
 public:
  virtual ~QuestionDataset() = default;

  virtual std::size_t size() const = 0;
  virtual QuestionSample sample(std::size_t index) const = 0;

  // Throws std::invalid_argument where the picture is missing or broken.
  virtual Image image(std::size_t index) const = 0;

  // Whether the picture is there at all; it may still be broken.
  virtual bool has_image(std::size_t index) const { return index < size(); }

  virtual QuestionedImage load(std::size_t index) const { return {sample(index), image(index)}; }

  // What was wrong: faulty samples were left out.
  virtual const DatasetReport& report() const = 0;
};

struct QuestionDatasetOptions {
  std::filesystem::path images = {};  // where the pictures are, if not where the format puts them
  ImageLimits image_limits = {};
  double max_fault_share = .05;  // of all records; where more are faulty, or no sample is left, it is refused; 1: never
  // The world:
  std::uint64_t seed = 0;
  std::int64_t count = 1000;
  int size = 128;
  int questions = 4;  // of a scene
};

// `spec` is KIND:PATH with KIND one of
//   world  PATH "" or "seed=7,count=500,size=128,objects=1-3,questions=4", which override the options; as many questions to each of
//          `count` scenes, their types drawn from those that the scene allows; split is one of split.h;
//   jsonl  PATH a file of lines {"image", "question", "answer": text or list of texts, "type"}, or a folder with questions.jsonl or
//          SPLIT/questions.jsonl, as `omma render` writes it; pictures are named relative to the file;
//   vqa    PATH a folder of VQAv2: v2_*_SPLIT*_questions.json and v2_*_SPLIT*_annotations.json, or questions.json and
//          annotations.json, there or in SPLIT; pictures COCO_train2014_000000000009.jpg in the folder of their subtype
//          (train2014), there or in images/, or in either of these.
// An empty split means all of it (world: train). Throws std::invalid_argument naming the file and field where the data set as a
// whole cannot be read or is over max_fault_share; faults of single samples go to report().
std::unique_ptr<QuestionDataset> open_question_dataset(std::string_view spec, std::string_view split,
                                                       const QuestionDatasetOptions& options = {});

}  // namespace omma
