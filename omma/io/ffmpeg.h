// What the files that use FFmpeg's libraries share. Not part of the interface.
#pragma once

#include <memory>
#include <new>
#include <string>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
}

namespace omma::ffmpeg {

template <auto free>
struct Freeing {
  template <class T>
  void operator()(T* pointer) const {
    free(&pointer);
  }
};
struct FreeScaler {
  void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
};
using Packet = std::unique_ptr<AVPacket, Freeing<av_packet_free>>;
using Frame = std::unique_ptr<AVFrame, Freeing<av_frame_free>>;
using Codec = std::unique_ptr<AVCodecContext, Freeing<avcodec_free_context>>;
using Scaler = std::unique_ptr<SwsContext, FreeScaler>;

template <class T>
T allocated(T pointer) {
  if (!pointer) throw std::bad_alloc();
  return pointer;
}

inline std::string reason(int error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(error, text, sizeof(text));
  return text;
}

}  // namespace omma::ffmpeg
