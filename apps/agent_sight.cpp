#include "apps/agent_sight.h"

#include <algorithm>
#include <utility>

#include "apps/command.h"
#include "omma/agent/tools/video_tools.h"
#include "omma/io/video_file.h"

namespace omma::app {

AgentSight::AgentSight(std::filesystem::path path, ClipFlags flags, const std::string& question)
    : path_(std::move(path)), flags_(std::move(flags)), moment_{.seconds = 0, .question = question} {
  if (!app::is_clip(path_, flags_)) {
    image_ = std::make_shared<const Image>(read_picture(path_));
    return;
  }
  clip_ = ClipFacts{.duration = read_video(path_, {.count = 1}).duration};
  moment_ = moment_in(question, clip_->duration).value_or(AskedMoment{.seconds = clip_->duration / 2, .question = question});
  image_ = std::make_shared<const Image>(frame_at(moment_.seconds).image);
}

VideoFrame AgentSight::frame_at(double seconds) const {
  const FrameSampling sampling{.kind = FrameSampling::Kind::times, .times = {std::min(seconds, clip_->duration)}};
  return std::move(read_video(path_, sampling).frames.at(0));
}

Toolbox AgentSight::tools(const PictureModels& models) const {
  if (!clip_) return picture_tools(models, image_);
  std::optional<int> frames;
  if (models.answerer) frames = models.answerer->video_frames();
  if (!frames && models.captioner) frames = models.captioner->video_frames();
  Footage footage{.duration = clip_->duration,
                  .frame_at = [this](double seconds) { return frame_at(seconds); },
                  .whole = {},
                  .usual = moment_.seconds};
  if (frames) footage.whole = [this, frames] { return read_clip(path_, flags_, frames); };
  return video_tools(models, std::move(footage));
}

ChatPart AgentSight::shown_to(const ChatModel& planner) const {
  if (!clip_ || !planner.video_frames()) return image_;
  return std::make_shared<const VideoClip>(read_clip(path_, flags_, planner.video_frames()));
}

json AgentSight::line() const {
  json line = {{clip_ ? "video" : "image", path_.string()}, {"size", {image_->width, image_->height}}};
  if (clip_) line["seconds"] = clip_->duration;
  return line;
}

AgentSight::Overlay AgentSight::overlay(std::span<const AgentStep> steps) const {
  if (!clip_) return {.image = *image_, .steps = {steps.begin(), steps.end()}};
  const auto time_of = [](const AgentStep& step) { return step.data.is_object() ? step.data.value("time", json()) : json(); };
  json time;
  for (const AgentStep& step : steps)
    if (const json found = time_of(step); !found.is_null()) time = found;
  Overlay overlay{.image = time.is_null() ? *image_ : frame_at(time.get<double>()).image, .steps = {}};
  for (const AgentStep& step : steps)
    if (time_of(step) == time) overlay.steps.push_back(step);
  return overlay;
}

}  // namespace omma::app
