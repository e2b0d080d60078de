#include "omma/agent/tools/video_tools.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "omma/agent/tools/describe_image.h"
#include "omma/base/error.h"

namespace omma {
namespace {

constexpr std::size_t most_frames = 8;  // whose tools, and what their models saw, are kept

// The tools of the frames that were asked for.
class FrameTools {
 public:
  FrameTools(PictureModels models, Footage footage) : models_(std::move(models)), footage_(std::move(footage)) {}

  ToolResult run(const std::string& name, json input) {
    const double seconds = moment_of(input);
    input.erase("time");
    const std::shared_ptr<const Frame> frame = frame_at(seconds);
    ToolResult result = frame->tools.find(name)->run(input);
    result.details = fmt::format("At {:.2f} s.{}{}", frame->time, result.details.empty() ? "" : "\n", result.details);
    result.data["time"] = std::round(1000 * frame->time) / 1000;
    return result;
  }

 private:
  struct Frame {
    Toolbox tools;
    double time = 0;
  };

  double moment_of(const json& input) const {
    if (!input.contains("time")) return footage_.usual;
    const json& time = input["time"];
    if (time.is_string()) {
      check(time == "end", "time: expected seconds or \"end\", got {}", dump_json(time));
      return footage_.duration;
    }
    check(time.is_number(), "time: expected seconds or \"end\", got {}", dump_json(time));
    const double seconds = time.get<double>();
    check(seconds >= 0 && seconds <= footage_.duration, "time: expected 0 to {:.2f} seconds or \"end\", got {}", footage_.duration,
          seconds);
    return seconds;
  }

  // A tool that ran out of time may still be at work on its frame.
  std::shared_ptr<const Frame> frame_at(double seconds) {
    const std::scoped_lock lock(mutex_);
    if (const auto known = frames_.find(seconds); known != frames_.end()) return known->second;
    if (frames_.size() == most_frames) frames_.clear();
    VideoFrame frame = footage_.frame_at(seconds);
    auto made = std::make_shared<Frame>();
    made->time = frame.time;
    made->tools = picture_tools(models_, std::make_shared<const Image>(std::move(frame.image)));
    return frames_[seconds] = std::move(made);
  }

  PictureModels models_;
  Footage footage_;
  std::mutex mutex_;
  std::map<double, std::shared_ptr<const Frame>> frames_;
};

Tool at_a_time(const Tool& tool, const std::shared_ptr<FrameTools>& frames, double duration) {
  Tool timed = tool;
  timed.schema["properties"]["time"] = {
      {"description", fmt::format("optional: when in the clip, in seconds from 0 to {:.2f}, or \"end\"", duration)}};
  timed.run = [name = tool.name, frames](const json& input) { return frames->run(name, input); };
  return timed;
}

Tool describe_video_tool(std::shared_ptr<Captioner> captioner, std::shared_ptr<Answerer> answerer,
                         std::function<VideoClip()> whole) {
  const json question = {{"type", "string"},
                         {"minLength", 1},
                         {"maxLength", 500},
                         {"description", "optional: what to find out about the whole clip, a question with a short answer"}};
  const auto seen = std::make_shared<std::optional<VideoClip>>();
  return {
      .name = "describe_video",
      .description = "Watches the whole clip: tells in a sentence what happens or, given a question, the short answer to it.",
      .schema = {{"type", "object"}, {"properties", {{"question", question}}}, {"additionalProperties", false}},
      .example = {{"question", "What happens first?"}},
      .run = [captioner = std::move(captioner), answerer = std::move(answerer), whole = std::move(whole), seen](const json& input) {
        if (!*seen) *seen = whole();
        if (!input.contains("question")) {
          check(captioner != nullptr, "there is no model that describes clips; ask a question about it");
          return told_caption(captioner->caption_video(**seen));
        }
        check(answerer != nullptr, "there is no model that answers questions about clips; without a question it is described");
        const VisualQuestion asked{.videos = {&**seen, 1}, .text = input["question"]};
        return told_answer(asked.text, answerer->answer({&asked, 1}).at(0));
      }};
}

template <class Model>
std::shared_ptr<Model> seeing_clips(const std::shared_ptr<Model>& model) {
  return model != nullptr && model->video_frames() ? model : nullptr;
}

}  // namespace

Toolbox video_tools(const PictureModels& models, Footage footage) {
  const double duration = footage.duration;
  const auto captioner = footage.whole ? seeing_clips(models.captioner) : nullptr;
  const auto answerer = footage.whole ? seeing_clips(models.answerer) : nullptr;
  const std::function<VideoClip()> whole = footage.whole;
  const auto frames = std::make_shared<FrameTools>(models, std::move(footage));
  Toolbox tools;
  const Toolbox of_a_picture = picture_tools(models, std::make_shared<const Image>(1, 1));  // their names and schemas
  for (const Tool& tool : of_a_picture.tools()) tools.add(at_a_time(tool, frames, duration));
  if (captioner || answerer) tools.add(describe_video_tool(captioner, answerer, whole));
  return tools;
}

}  // namespace omma
