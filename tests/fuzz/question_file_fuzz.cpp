// Questions that people wrote, with their right calls and answers. Whatever the bytes are, std::invalid_argument or questions that
// can be posed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "omma/agent/evaluation/evaluate_questions.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const omma::QuestionFile file = omma::parse_questions({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (const omma::WrittenQuestion& question : file.questions) {
      if (!file.pictures.contains(question.about) || question.text.empty()) std::abort();
      const omma::PosedQuestion posed = omma::pose(file, question);
      omma::AgentResult said;
      said.answer = omma::text_of(question.answer);
      omma::judge(question, posed, said, file.names);
    }
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
