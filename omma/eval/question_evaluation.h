// How often a model answers right about pictures, and how far guessing goes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/data/left_out_pictures.h"
#include "omma/data/question_dataset.h"
#include "omma/tasks/answerer.h"

namespace omma {

struct QuestionEvaluationOptions {
  AnswerOptions answer = {};
  bool ask_short = false;  // with short_answer_request (instruction_dataset.h) behind each question
  std::size_t count = 0;   // of questions, the first ones; 0: all
  int batch = 8;
  double max_fault_share = .05;         // of questions whose picture cannot be read, which are left out
  LeftOutPictures* left_out = nullptr;  // of earlier evaluations of these data, so that each picture is told once
};

struct JudgedAnswer {
  QuestionSample sample;
  std::string answer, blind_answer;
  double accuracy = 0, blind_accuracy = 0;  // vqa_accuracy
};

struct AnswerMetrics {
  double accuracy = 0;
  double majority = 0;  // always giving the type's most frequent answer of this very data
  double blind = 0;     // the same model, shown an even grey in place of the picture
  std::size_t questions = 0;
};

struct QuestionEvaluation {
  AnswerMetrics all;
  std::map<std::string, AnswerMetrics> per_type;  // "any" where the data tells no type
  std::vector<JudgedAnswer> answers;
  DatasetReport left_out;

  // "accuracy", "majority", "blind", "questions", "left_out" where some were, and the same for each of "per_type".
  json to_json() const;
};

// Asks every question with its picture and without. Throws what the answerer and the data set throw.
QuestionEvaluation evaluate_answers(Answerer& answerer, const QuestionDataset& dataset,
                                    const QuestionEvaluationOptions& options = {});

}  // namespace omma
