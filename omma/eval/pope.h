// Whether a model sees what is not there (Li et al. 2023, POPE): "Is there a dog in the image?" about things that are and are not.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/json.h"
#include "omma/data/detection_dataset.h"
#include "omma/data/left_out_pictures.h"
#include "omma/tasks/answerer.h"

namespace omma {

// Which absent things are asked for: any; those that the data show most often; those that are most often seen with what is there.
enum class PopeSetting { random, popular, adversarial };
inline constexpr std::array pope_settings = {PopeSetting::random, PopeSetting::popular, PopeSetting::adversarial};
std::string_view name_of(PopeSetting setting);

struct PopeQuestion {
  std::string id;
  std::string setting;      // "random", "popular", "adversarial"; of a file what its name tells, else "file"
  std::size_t picture = 0;  // in the data
  std::string text;         // "Is there a dog in the image?"
  bool yes = false;         // the right answer
};

// Which things each picture shows, as indices into a list of `classes`, each once; empty: not known.
using PicturedClasses = std::vector<std::vector<int>>;

struct PopeOptions {
  std::uint64_t seed = 0;
  int questions = 6;  // a picture, half of them with yes
  std::string place = "in the image";
};

// Of one setting, so many about each picture that shows at least half as many kinds of things and lacks as many; others are not
// asked about. What is there is drawn at random, the same for each setting. Ties go to the class that comes first.
std::vector<PopeQuestion> pope_questions(const PicturedClasses& pictures, std::span<const std::string> classes, PopeSetting setting,
                                         const PopeOptions& options = {});

// The authors' reading of an answer: of its first sentence, without commas, no where any word is "No", "not" or "no".
bool reads_yes(std::string_view answer);

// Pictures with questions about them.
class PopeData {
 public:
  virtual ~PopeData() = default;

  // Of all settings; those about a picture stand together.
  virtual const std::vector<PopeQuestion>& questions() const = 0;

  // Of the picture's number; as a data set of one, so that faulty ones can be left out. `key` names it in messages.
  virtual std::size_t size() const = 0;  // pictures
  virtual Image image(std::size_t picture) const = 0;
  virtual bool has_image(std::size_t picture) const = 0;
  virtual std::string key(std::size_t picture) const = 0;
  virtual const DatasetReport& report() const = 0;

  Image load(std::size_t picture) const { return image(picture); }
};

struct PopeDataOptions {
  std::uint64_t seed = 0;
  std::size_t count = 0;              // of pictures, the first ones; 0: all
  std::filesystem::path images = {};  // of pope files: where the pictures are, if not beside the file or in images/ beside it
  double max_fault_share = .05;
};

// `spec` is any of detection_dataset.h with a closed set of classes, for all three settings; or pope:PATH, the authors' file of
// lines
// {"question_id", "image", "text", "label": "yes" or "no"}.
std::unique_ptr<PopeData> open_pope_data(std::string_view spec, std::string_view split, const PopeDataOptions& options = {});

struct PopeMetrics {
  std::int64_t true_yes = 0, false_yes = 0, true_no = 0, false_no = 0;

  std::int64_t questions() const { return true_yes + false_yes + true_no + false_no; }
  double accuracy() const;
  double precision() const;  // of "yes"
  double recall() const;
  double f1() const;
  double yes_ratio() const;
  void add(bool right_is_yes, bool said_yes);
};

struct PopeAnswer {
  PopeQuestion question;
  std::string answer;
  bool said_yes = false;
};

struct PopeEvaluation {
  std::map<std::string, PopeMetrics> settings;
  std::vector<PopeAnswer> answers;
  DatasetReport left_out;

  // "accuracy", "precision", "recall", "f1", "yes_ratio", "questions" of each of "settings", and their means over these.
  json to_json() const;
};

struct PopeEvaluationOptions {
  AnswerOptions answer = {};
  bool ask_short = false;  // with short_answer_request (instruction_dataset.h) behind each question, as LLaVA 1.5's authors ask
  bool blind = false;      // an even grey in place of each picture
  int batch = 8;           // pictures
  double max_fault_share = .05;
};

// Asks everything; a text about a picture once, whatever the settings. Throws what the answerer and the data throw.
PopeEvaluation evaluate_pope(Answerer& answerer, const PopeData& data, const PopeEvaluationOptions& options = {});

}  // namespace omma
