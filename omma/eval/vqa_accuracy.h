// VQA accuracy, as the official evaluation (GT-Vision-Lab/VQA, vqaEval.py) computes it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace omma {

// "The two dogs." gives "2 dogs": punctuation, case, number words, articles and missing apostrophes.
std::string normalize_answer(std::string_view answer);

// Mean over the annotators of min(1, others who said so / 3): 1 where four or more of ten said the same. Where all of them agree,
// texts are compared as they are, without surrounding space. A question with one answer: whether the two are equal when normalised.
// Throws std::invalid_argument where there are no answers.
double vqa_accuracy(std::string_view answer, std::span<const std::string> annotators);

}  // namespace omma
