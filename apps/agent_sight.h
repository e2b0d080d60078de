// What the agent looks at: a picture, or a clip, and a moment of it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/clip_arguments.h"
#include "omma/agent/moment.h"
#include "omma/agent/react.h"
#include "omma/agent/tools/picture_tools.h"
#include "omma/base/json.h"
#include "omma/tasks/chat_model.h"

namespace omma::app {

class AgentSight {
 public:
  // A picture, "-" for one from stdin, or a clip. Of a clip the question may tell when it means; else tools that are not told look
  // at its middle. Throws std::invalid_argument.
  AgentSight(std::filesystem::path path, ClipFlags flags, const std::string& question);

  bool is_clip() const { return clip_.has_value(); }
  Toolbox tools(const PictureModels& models) const;

  // For a planner that sees: the clip, where it sees clips, else the picture, or the frame that is usually looked at.
  ChatPart shown_to(const ChatModel& planner) const;
  // The question for a planner that knows of no time: without the words that told it.
  const std::string& timeless_question() const { return moment_.question; }

  // {"image" or "video", "size"}.
  json line() const;

  // What the last step looked at that looked at something, and the steps that looked at the same.
  struct Overlay {
    Image image;
    std::vector<AgentStep> steps;
  };
  Overlay overlay(std::span<const AgentStep> steps) const;

 private:
  VideoFrame frame_at(double seconds) const;

  std::filesystem::path path_;
  ClipFlags flags_;
  std::shared_ptr<const Image> image_;  // the picture; of a clip the frame that is usually looked at
  struct ClipFacts {
    double duration = 0;
  };
  std::optional<ClipFacts> clip_;
  AskedMoment moment_;
};

}  // namespace omma::app
