// The tool describe_image: what a picture shows in a sentence, or the answer to a question about it.
#pragma once

#include <memory>
#include <string>

#include "omma/agent/tool.h"
#include "omma/tasks/answerer.h"
#include "omma/tasks/captioner.h"
#include "omma/vision/image.h"

namespace omma {

// A tool over one picture. Input: {}, which the captioner serves, or {"question": "Is there a dog left of a car?"}, the answerer's.
// Either may be null, not both; a call that needs the one that is not there fails with a message that says so.
//
// Summary: the caption or the answer alone, on one line of at most 1,000 bytes. Data: {"caption"} or {"question", "answer"}, and
// "score".
Tool describe_image_tool(std::shared_ptr<Captioner> captioner, std::shared_ptr<Answerer> answerer,
                         std::shared_ptr<const Image> image);

// The results of such tools. Throw std::invalid_argument for a model that gave nothing.
ToolResult told_caption(const CaptionResult& result);
ToolResult told_answer(const std::string& question, const AnswerResult& result);

}  // namespace omma
