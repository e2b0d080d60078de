// What FFmpeg allocates, and frees itself. Not part of the interface.
#pragma once

#include <memory>
#include <new>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace omma::ffmpeg {

template <auto free>
struct Freeing {
  template <class T>
  void operator()(T* pointer) const {
    free(&pointer);
  }
};
using Packet = std::unique_ptr<AVPacket, Freeing<av_packet_free>>;
using Frame = std::unique_ptr<AVFrame, Freeing<av_frame_free>>;
using Decoder = std::unique_ptr<AVCodecContext, Freeing<avcodec_free_context>>;
using Container = std::unique_ptr<AVFormatContext, Freeing<avformat_close_input>>;

template <class T>
T allocated(T pointer) {
  if (!pointer) throw std::bad_alloc();
  return pointer;
}

}  // namespace omma::ffmpeg
