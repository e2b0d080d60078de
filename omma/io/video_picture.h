// From decoded frames to pictures. Not part of the interface: see video_file.h.
#pragma once

#include <memory>
#include <string>

#include "omma/io/ffmpeg_pointers.h"
#include "omma/vision/image.h"

struct SwsContext;

namespace omma {

// Scales every frame to one size, `width` x `height`, and then turns it as EXIF's `orientation` says. The result is the same to the
// bit on every machine.
class VideoPictures {
 public:
  // `name` begins errors.
  VideoPictures(std::string name, int width, int height, int orientation);

  // Throws std::invalid_argument where FFmpeg has no way from the frame's format.
  Image operator()(const AVFrame& frame);

 private:
  const AVFrame& scaled(const AVFrame& frame);

  struct FreeScaler {
    void operator()(SwsContext* scaler) const;
  };

  std::string name_;
  int width_, height_, orientation_;
  std::unique_ptr<SwsContext, FreeScaler> scaler_;  // of the last frame's format and size
  ffmpeg::Frame scaled_;
};

}  // namespace omma
