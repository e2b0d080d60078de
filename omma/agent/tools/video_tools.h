// The tools that look at a clip: those of pictures, at a moment of it, and describe_video.
#pragma once

#include <functional>

#include "omma/agent/tools/picture_tools.h"
#include "omma/vision/video.h"

namespace omma {

struct Footage {
  double duration = 0;  // seconds
  // The frame on screen at a time from 0 to the duration, which is the last one. Called on the tools' threads, one at a time.
  std::function<VideoFrame(double seconds)> frame_at;
  // Frames of the whole, as many as the models were taught to see; none: nobody sees clips.
  std::function<VideoClip()> whole;
  double usual = 0;  // seconds: where a tool looks that is not told when
};

// Each tool of picture_tools() gains an optional "time", seconds from the beginning or "end"; the data of its results tells the
// "time" of the frame, the details begin with it. Its summary is the picture tool's. Where the answerer or the captioner sees clips
// there is describe_video: {} for what happens in a sentence, or {"question"}.
Toolbox video_tools(const PictureModels& models, Footage footage);

}  // namespace omma
