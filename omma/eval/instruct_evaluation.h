// How true and how complete it is what a model says about pictures of which everything is known: facts stated in free answers,
// judged by the grammar of statements.h against the objects.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/data/judgement.h"
#include "omma/data/picture_texts.h"
#include "omma/tasks/answerer.h"

namespace omma {

struct InstructEvaluationOptions {
  AnswerOptions answer = {};
  std::size_t count = 0;   // of pictures, the first ones; 0: all
  int batch = 8;           // pictures
  std::uint64_t seed = 0;  // of the questions
  bool blind = false;      // an even grey in place of each picture
};

// An answer and what it states.
struct JudgedSaying {
  std::string key;   // of the picture
  std::string kind;  // "detail", "conversation"
  std::string question;
  std::string reference;  // the oracle's answer
  std::string answer;
  std::int64_t right = 0, wrong = 0, undecided = 0;  // facts
  std::int64_t present = 0, named = 0;               // detail: objects there are, and those of them that were named
  std::int64_t named_things = 0, invented = 0;       // things spoken of, and those of them of which there is none
  std::int64_t words = 0;
};

// Sums over answers.
struct SayingMetrics {
  std::int64_t answers = 0, answered = 0;  // answered: right facts and no wrong one
  std::int64_t right = 0, wrong = 0, undecided = 0, present = 0, named = 0, named_things = 0, invented = 0, words = 0;

  void add(const JudgedSaying& saying);
  double precision() const;  // of facts that can be judged
  // Of a description the objects that it names, with their colours; of answers to questions those that are answered.
  double recall() const;
  double f1() const;
  double invented_per_100_words() const;
  json to_json() const;
};

struct InstructEvaluation {
  SayingMetrics detail, conversation;
  std::vector<JudgedSaying> sayings;

  // "detail" and "conversation", each with "precision", "recall", "f1", "invented_per_100_words", "facts" and "answers"; over both
  // the means of the first three, and "invented_per_100_words" of all words.
  json to_json() const;
};

// Asks for a description of each picture and what the oracle (world/oracle.h) asks in a conversation. The data are the world's, or
// any of which the boxes name all that the lexicon has. Throws what the answerer and the data throw.
InstructEvaluation evaluate_instructions(Answerer& answerer, const PictureTexts& data,
                                         const InstructEvaluationOptions& options = {});

// What an answer states, against the objects of its picture.
JudgedSaying judge_saying(const std::string& kind, const std::string& question, const std::string& answer,
                          const std::vector<SeenObject>& objects, const Lexicon& lexicon);

}  // namespace omma
