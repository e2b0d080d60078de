#include "omma/eval/detection_evaluation.h"

#include <algorithm>
#include <cmath>

#include "omma/base/error.h"
#include "omma/base/progress.h"

namespace omma {
namespace {

// What a detector said about one picture, and what was there.
struct Answered {
  DetectionQuestion question;         // without its picture
  std::vector<Detection> detections;  // by falling score
};

std::vector<Answered> ask(Detector& detector, const DetectionQuestions& questions, float min_score) {
  std::vector<Answered> answers;
  DetectionOptions options;
  options.box_threshold = min_score;
  Progress progress("detect", static_cast<std::int64_t>(questions.count));
  for (std::size_t i = 0; i < questions.count; ++i) {
    progress.advance();
    auto question = questions.question(i);
    if (!question) continue;
    Answered answer{.question = std::move(*question), .detections = {}};
    if (answer.question.phrases.empty()) continue;
    const DetectionPrompt prompt{.phrases = answer.question.phrases, .caption = {}};
    answer.detections = detector.detect(std::span(&answer.question.image, 1), prompt, options).at(0).detections;
    answer.question.image = Image();
    answers.push_back(std::move(answer));
  }
  return answers;
}

bool counts(const DetectionTarget& target) { return !target.crowd && !target.ignore; }

// Right and wrong detections of one phrase at a score threshold, greedily by score, IoU .5.
struct Tally {
  std::int64_t right = 0, wrong = 0, missed = 0;
  double precision() const { return static_cast<double>(right) / static_cast<double>(std::max<std::int64_t>(1, right + wrong)); }
  double recall() const { return static_cast<double>(right) / static_cast<double>(std::max<std::int64_t>(1, right + missed)); }
  double f1() const {
    return 2.0 * static_cast<double>(right) / static_cast<double>(std::max<std::int64_t>(1, 2 * right + wrong + missed));
  }
};

// As in COCO's metrics, a crowd's overlap counts by the detection's area alone.
float overlap(const Box& detection, const DetectionTarget& target) {
  const Box& truth = target.box;
  if (!target.crowd) return intersection_over_union(detection, truth);
  const Box inside{std::max(detection.x0, truth.x0), std::max(detection.y0, truth.y0), std::min(detection.x1, truth.x1),
                   std::min(detection.y1, truth.y1)};
  return detection.area() > 0 ? inside.area() / detection.area() : 0;
}

// The target that a detection finds, -1 for none: the best of those that count and are free, else of the others. A crowd stays
// free.
int match_of(const Detection& detection, const DetectionQuestion& question, const std::vector<std::uint8_t>& found) {
  int match = -1;
  for (const bool counting : {true, false}) {
    float best = 0.5F;
    for (const int place : question.truths_of[static_cast<std::size_t>(detection.phrase_index.value_or(0))]) {
      const DetectionTarget& target = question.targets[static_cast<std::size_t>(place)];
      const bool taken = found[static_cast<std::size_t>(place)] && !target.crowd;
      if (counts(target) != counting || taken || overlap(detection.box, target) < best) continue;
      best = overlap(detection.box, target);
      match = place;
    }
    if (match >= 0) break;
  }
  return match;
}

void tally(const Answered& answer, float threshold, Tally& sum) {
  std::vector<std::uint8_t> found(answer.question.targets.size());
  for (const Detection& detection : answer.detections) {
    if (detection.score < threshold) break;
    const int match = match_of(detection, answer.question, found);
    if (match >= 0) found[static_cast<std::size_t>(match)] = 1;
    if (match < 0)
      ++sum.wrong;
    else if (counts(answer.question.targets[static_cast<std::size_t>(match)]))
      ++sum.right;
  }
  std::vector<std::uint8_t> asked(answer.question.targets.size());
  for (const std::vector<int>& truths : answer.question.truths_of)
    for (const int target : truths) asked[static_cast<std::size_t>(target)] = 1;
  for (std::size_t i = 0; i < answer.question.targets.size(); ++i)
    sum.missed += asked[i] && !found[i] && counts(answer.question.targets[i]);
}

CocoMetrics coco_metrics(const std::vector<Answered>& answers, bool closed, int categories) {
  CocoEvaluation evaluation(categories);
  for (const Answered& answer : answers) {
    // An open set has one category; phrases of one picture are then told apart by pretending each is a picture of its own.
    std::vector<std::vector<CocoTruth>> truths(closed ? 1 : answer.question.phrases.size());
    std::vector<std::vector<CocoDetection>> detections(truths.size());
    for (std::size_t p = 0; p < answer.question.phrases.size(); ++p) {
      for (const int i : answer.question.truths_of[p]) {
        const DetectionTarget& target = answer.question.targets[static_cast<std::size_t>(i)];
        truths[closed ? 0 : p].push_back(
            {.category = closed ? static_cast<int>(p) : 0, .box = target.box, .crowd = target.crowd, .ignore = target.ignore});
      }
    }
    for (const Detection& detection : answer.detections) {
      const int phrase = detection.phrase_index.value_or(0);
      detections[closed ? 0 : static_cast<std::size_t>(phrase)].push_back(
          {.category = closed ? phrase : 0, .box = detection.box, .score = detection.score});
    }
    for (std::size_t i = 0; i < truths.size(); ++i) evaluation.add(truths[i], detections[i]);
  }
  return evaluation.metrics();
}

int count_of(const DetectionQuestion& question, std::size_t phrase) {
  return static_cast<int>(std::ranges::count_if(
      question.truths_of[phrase], [&](int target) { return counts(question.targets[static_cast<std::size_t>(target)]); }));
}

const std::string& kind_of(const std::vector<std::string>& classes, std::size_t phrase) {
  static const std::string any = "any";
  return classes.empty() ? any : classes[phrase];
}

}  // namespace

DetectionEvaluation evaluate_detection(Detector& detector, const DetectionQuestions& questions,
                                       const DetectionEvaluationOptions& options) {
  const std::vector<Answered> answers = ask(detector, questions, options.min_score);
  const bool closed = !questions.classes.empty();
  DetectionEvaluation evaluation;
  evaluation.phrases = closed ? questions.classes : std::vector<std::string>{"any"};
  evaluation.pictures = answers.size();
  evaluation.coco = coco_metrics(answers, closed, static_cast<int>(evaluation.phrases.size()));
  Tally sum;
  std::int64_t false_alarms = 0;
  CountsByKind counted;
  for (const Answered& answer : answers) {
    tally(answer, options.threshold, sum);
    for (std::size_t p = 0; p < answer.question.phrases.size(); ++p) {
      int found = 0;
      for (const Detection& detection : answer.detections)
        found += detection.score >= options.threshold && detection.phrase_index.value_or(0) == static_cast<int>(p);
      counted[kind_of(questions.classes, p)].push_back({.truth = count_of(answer.question, p), .said = found});
      if (!answer.question.truths_of[p].empty()) continue;
      ++evaluation.absent;
      false_alarms += found > 0;
    }
  }
  evaluation.precision = sum.precision();
  evaluation.recall = sum.recall();
  evaluation.f1 = sum.f1();
  evaluation.absent_rate = static_cast<double>(false_alarms) / static_cast<double>(std::max<std::int64_t>(1, evaluation.absent));
  for (const auto& [kind, of_kind] : counted) evaluation.counting[kind] = counting_report({{kind, of_kind}}, options.training);
  evaluation.counting_overall = counting_report(counted, options.training);
  evaluation.mean_absent = options.training.absent;
  return evaluation;
}

TrainingCounts training_counts(const DetectionQuestions& training) {
  TrainingCounts counts;
  std::map<std::string, double> asked;
  for (std::size_t i = 0; i < training.count; ++i) {
    const DetectionQuestion question = training.labels(i);
    for (std::size_t p = 0; p < question.phrases.size(); ++p) {
      counts.means[kind_of(training.classes, p)] += count_of(question, p);
      ++asked[kind_of(training.classes, p)];
    }
  }
  for (auto& [kind, sum] : counts.means) sum /= asked[kind];
  return counts;
}

ThresholdChoice choose_threshold(Detector& detector, const DetectionQuestions& questions,
                                 const DetectionEvaluationOptions& options) {
  const std::vector<Answered> answers = ask(detector, questions, options.min_score);
  ThresholdChoice best;
  for (int percent = 5; percent <= 90; ++percent) {
    Tally sum;
    const float threshold = static_cast<float>(percent) / 100;
    for (const Answered& answer : answers) tally(answer, threshold, sum);
    if (sum.f1() > best.f1) best = {.threshold = threshold, .f1 = sum.f1(), .precision = sum.precision(), .recall = sum.recall()};
  }
  return best;
}

json DetectionEvaluation::to_json() const {
  const auto figure = [](double value) { return value < 0 ? json() : json(value); };  // -1: there was nothing to find
  json object = {{"ap", figure(coco.ap)},
                 {"ap50", figure(coco.ap50)},
                 {"ap75", figure(coco.ap75)},
                 {"ap_small", figure(coco.ap_small)},
                 {"ap_medium", figure(coco.ap_medium)},
                 {"ap_large", figure(coco.ap_large)},
                 {"ar1", figure(coco.ar1)},
                 {"ar10", figure(coco.ar10)},
                 {"ar100", figure(coco.ar100)},
                 {"f1", f1},
                 {"precision", precision},
                 {"recall", recall},
                 {"absent_rate", absent_rate},
                 {"absent", absent},
                 {"pictures", pictures}};
  for (std::size_t i = 0; i < phrases.size(); ++i)
    object["per_class"][phrases[i]] = {{"ap", figure(coco.category_ap.at(i))}, {"ap50", figure(coco.category_ap50.at(i))}};
  for (const auto& [kind, report] : counting) object["counting"][kind] = report.to_json();
  object["counting_overall"] = counting_overall.to_json();
  if (!mean_absent.empty()) object["mean_mae_absent"] = mean_absent;
  return object;
}

}  // namespace omma
