// What an agent is asked about the pictures of a data set, and the right answers.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "omma/data/detection_dataset.h"
#include "omma/data/question_dataset.h"
#include "omma/eval/counting.h"

namespace omma {

struct PictureQuestion {
  std::string type;                  // "count", "yes/no", ...; "any" where the data does not tell
  std::string kind;                  // what is counted ("vehicle"), else the type
  std::string text;                  // "How many vehicles are in this image?"
  std::vector<std::string> answers;  // each of them is right; numbers in digits
};

struct PictureQuestions {
  std::size_t pictures = 0;
  std::function<std::string(std::size_t picture)> key;
  std::function<std::vector<PictureQuestion>(std::size_t picture)> questions;  // reads no picture
  std::function<Image(std::size_t picture)> image;  // throws std::invalid_argument where it is missing or broken
};

struct CountingQuestionOptions {
  // With "{}" it is asked of each class, in the plural; without, once a picture, of all the classes together.
  std::string question = "How many {} are in this image?";
  std::vector<std::string> classes = {};  // phrases; empty: all of the data set, of an open one those in the picture
};

// How many boxes there are, crowds and those marked difficult left out. Throws std::invalid_argument for a class that the data set
// does not have.
PictureQuestions counting_questions(std::shared_ptr<const DetectionDataset> dataset, const CountingQuestionOptions& options = {});

// The data set's own.
PictureQuestions questions_of(std::shared_ptr<const QuestionDataset> dataset);

// The count that a question expects; nothing where it expects something else.
std::optional<int> expected_count(const PictureQuestion& question);

// The mean count of each kind that is asked for.
TrainingCounts training_counts(const PictureQuestions& training);

}  // namespace omma
