#include "omma/agent/tools/describe_image.h"

#include <cmath>

#include "omma/agent/observation.h"
#include "omma/base/error.h"

namespace omma {

namespace {

constexpr std::size_t max_text_bytes = 1000;

// NaN cannot be written as JSON.
json finite(double score) { return std::isfinite(score) ? json(score) : json(); }

ToolResult caption_of(Captioner* captioner, const Image& image) {
  check(captioner != nullptr, "there is no model that describes; ask a question about the picture");
  return told_caption(captioner->caption({&image, 1}).at(0));
}

ToolResult answer_of(Answerer* answerer, const Image& image, const std::string& text) {
  check(answerer != nullptr, "there is no model that answers questions; without a question the picture is described");
  const VisualQuestion question{.images = {&image, 1}, .text = text};
  return told_answer(text, answerer->answer({&question, 1}).at(0));
}

}  // namespace

ToolResult told_caption(const CaptionResult& result) {
  check(!result.captions.empty(), "there is no caption");
  const auto& [text, score] = result.captions.front();
  const std::string caption = sanitise_line(text, max_text_bytes);
  return {.summary = caption, .details = "", .data = {{"caption", caption}, {"score", finite(score)}}};
}

ToolResult told_answer(const std::string& question, const AnswerResult& result) {
  const std::string answer = sanitise_line(result.answer, max_text_bytes);
  return {.summary = answer, .details = "", .data = {{"question", question}, {"answer", answer}, {"score", finite(result.score)}}};
}

Tool describe_image_tool(std::shared_ptr<Captioner> captioner, std::shared_ptr<Answerer> answerer,
                         std::shared_ptr<const Image> image) {
  check(captioner || answerer, "describe_image: expected a captioner or an answerer");
  const json question = {{"type", "string"},
                         {"minLength", 1},
                         {"maxLength", 500},
                         {"description", "optional: what to find out, a question with a short answer"}};
  return {
      .name = "describe_image",
      .description = "Looks at the whole picture: tells in a sentence what it shows or, given a question, the short answer to it.",
      .schema = {{"type", "object"}, {"properties", {{"question", question}}}, {"additionalProperties", false}},
      .example = {{"question", "Is there a dog to the left of a car?"}},
      .run =
          [captioner = std::move(captioner), answerer = std::move(answerer), image = std::move(image)](const json& input) {
            return input.contains("question") ? answer_of(answerer.get(), *image, input["question"])
                                              : caption_of(captioner.get(), *image);
          },
  };
}

}  // namespace omma
