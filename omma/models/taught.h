// What an embedded model was taught, and a word to the user where it is shown something else: one line each, not an answer that
// looks as good as any other.
//
// A model's directory says it in taught.json:
//   "pictures"      "scenes of the picture-book world": what it has seen
//   "ground"        {"even", "flat", "light"}: the least values of measure_ground() by which such a picture is known; a picture is
//                   foreign where it is neither even nor flat, or dark. Absent: pictures are not judged
//   "elsewhere"     what to do with those that are foreign: ends that warning. May be absent
//   "closed_words"  whether it knows nothing of words that its tokenizer spells letter by letter
//   "names"         of a detector: the names of all that it was taught
#pragma once

#include <filesystem>
#include <memory>

#include "omma/tasks/answerer.h"
#include "omma/tasks/captioner.h"
#include "omma/tasks/detector.h"
#include "omma/tasks/matcher.h"

namespace omma {

// The model as it is, where its directory has no taught.json; else one that answers the same, and warns (log_warning) once of
// foreign pictures and once of each unknown word.
std::unique_ptr<Captioner> with_warnings(std::unique_ptr<Captioner> model, const std::filesystem::path& directory);
std::unique_ptr<Matcher> with_warnings(std::unique_ptr<Matcher> model, const std::filesystem::path& directory);
std::unique_ptr<Answerer> with_warnings(std::unique_ptr<Answerer> model, const std::filesystem::path& directory);
std::unique_ptr<Detector> with_warnings(std::unique_ptr<Detector> model, const std::filesystem::path& directory);

}  // namespace omma
