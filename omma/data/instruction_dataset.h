// Dialogues about pictures, as LLaVA's instruction data hold them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/json.h"
#include "omma/data/dataset_report.h"
#include "omma/data/instruction_round.h"
#include "omma/io/image_file.h"
#include "omma/vision/image.h"

namespace omma {

// Stands for the picture in a human's text: exactly once, in the first, where there is a picture, and nowhere else.
inline constexpr std::string_view image_token = "<image>";

// Asks for an answer without a sentence around it, as LLaVA 1.5's data do (Liu et al. 2023, arXiv:2310.03744, section 3.2).
inline constexpr std::string_view short_answer_request = "Answer the question using a single word or phrase.";
inline std::string asking_for_short_answer(const std::string& question) {
  return question + "\n" + std::string(short_answer_request);
}

struct InstructionSample {
  std::string id;
  std::string image = {};  // the picture as the data name it; "": a dialogue without one
  std::vector<InstructionRound> rounds = {};
};

struct InstructedImage {
  InstructionSample sample;
  Image image;  // empty where there is none
};

// All access is const and thread-safe. Texts are read and checked when the data set is opened; pictures when they are asked for.
class InstructionDataset {
 public:
  virtual ~InstructionDataset() = default;

  virtual std::size_t size() const = 0;
  virtual InstructionSample sample(std::size_t index) const = 0;
  std::string key(std::size_t index) const { return sample(index).id; }

  // Throws std::invalid_argument where the picture is missing or broken; empty where the sample has none.
  virtual Image image(std::size_t index) const = 0;

  // Whether the picture is there, if there is to be one; it may still be broken.
  virtual bool has_image(std::size_t index) const = 0;

  // Both at once: the world draws them together.
  virtual InstructedImage load(std::size_t index) const { return {sample(index), image(index)}; }

  // What was wrong: faulty samples were left out.
  virtual const DatasetReport& report() const = 0;
};

struct InstructionDatasetOptions {
  std::filesystem::path images = {};  // where the pictures are, if not beside the file or in images/ beside it
  ImageLimits image_limits = {};
  double max_fault_share = .05;  // of all records; where more are faulty, or no sample is left, it is refused; 1: never
};

// `spec` is KIND:PATH with KIND one of
//   world  PATH "" or "seed=7,count=500,size=128,objects=1-3,kinds=conversation+detail", a dialogue for each scene, of a kind drawn
//          from the list, where a name may stand several times: conversation, detail and reasoning as oracle.h has them from the
//          text that a teacher gets; absent, its denials; caption, exact ones; short, questions with answers in a word or phrase,
//          and bare, the same without the request for such. Without `kinds` the first three. With together=.8 names stand
//          with their partners (scene.h); with told=1 every object's name and place stand in words before the first question: a
//          language model learns from it to read what it is told before it is shown any picture;
//   llava  PATH a JSON list of {"id", "image", "conversations": [{"from": "human", "value"}, {"from": "gpt", "value"}, ...]}, or
//          a folder with instruct.json or SPLIT/instruct.json. A sample is left out whose turns are not whole rounds of human and
//          gpt, with an empty text, with a picture and not one <image> in its first text, or with an <image> and no picture.
//          LLaVA's own files use an id for all dialogues about one picture: an id is taken twice only where the picture is
//          another or the dialogue is the same.
// An empty split means all of it (world: train). Throws std::invalid_argument where the data cannot be read or are over
// max_fault_share.
std::unique_ptr<InstructionDataset> open_instruction_dataset(std::string_view spec, std::string_view split,
                                                             const InstructionDatasetOptions& options = {});

// The sample in that form, its picture's token at the beginning of the first text.
json to_json(const InstructionSample& sample);

}  // namespace omma
