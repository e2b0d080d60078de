#include "omma/io/video_picture.h"

#include <algorithm>
#include <cstring>

extern "C" {
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include "omma/base/error.h"
#include "omma/vision/orientation.h"

namespace omma {
namespace {

using ffmpeg::allocated;

// A field of an enumeration as files fill it: with any number.
template <class Enum>
int number_in(const Enum& field) {
  int number;
  static_assert(sizeof(number) == sizeof(field));
  std::memcpy(&number, &field, sizeof(number));
  return number;
}

// Luma and colour differences become three planes, for which FFmpeg has vector code: the pixels that it gives interleaved in six
// times the time. Red, green and blue it would take through luma on this way.
AVPixelFormat format_for(int format) {
  const AVPixFmtDescriptor* description = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(format));
  const bool is_luma = description != nullptr && description->nb_components >= 3 &&
                       (description->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) == 0;
  return is_luma ? AV_PIX_FMT_GBRP : AV_PIX_FMT_RGB24;
}

void interleave(const AVFrame& planes, Image& image) {
  for (int y = 0; y < image.height; ++y) {
    const std::uint8_t *green = planes.data[0] + std::ptrdiff_t{y} * planes.linesize[0],
                       *blue = planes.data[1] + std::ptrdiff_t{y} * planes.linesize[1],
                       *red = planes.data[2] + std::ptrdiff_t{y} * planes.linesize[2];
    std::uint8_t* to = image.pixel(0, y);
    for (int x = 0; x < image.width; ++x, to += 3) to[0] = red[x], to[1] = green[x], to[2] = blue[x];
  }
}

}  // namespace

VideoPictures::VideoPictures(std::string name, int width, int height, int orientation)
    : name_(std::move(name)), width_(width), height_(height), orientation_(orientation), scaled_(allocated(av_frame_alloc())) {}

void VideoPictures::FreeScaler::operator()(SwsContext* scaler) const { sws_freeContext(scaler); }

const AVFrame& VideoPictures::scaled(const AVFrame& frame) {
  const AVPixelFormat format = format_for(frame.format);
  if (scaled_->format != format) {
    av_frame_unref(scaled_.get());
    scaled_->format = format, scaled_->width = width_, scaled_->height = height_;
    if (av_frame_get_buffer(scaled_.get(), 0) < 0) throw std::bad_alloc();
  }
  constexpr int flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INT;
  scaler_.reset(sws_getCachedContext(scaler_.release(), frame.width, frame.height, static_cast<AVPixelFormat>(frame.format), width_,
                                     height_, format, flags, nullptr, nullptr, nullptr));
  check(scaler_ != nullptr, "{}: no video that omma reads: its pixels are of format {}", name_, frame.format);
  const int* coefficients = sws_getCoefficients(number_in(frame.colorspace));  // BT.601 where it does not say
  const int is_full = number_in(frame.color_range) == AVCOL_RANGE_JPEG ? 1 : 0;
  sws_setColorspaceDetails(scaler_.get(), coefficients, is_full, coefficients, 1, 0, 1 << 16, 1 << 16);
  sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, scaled_->data, scaled_->linesize);
  return *scaled_;
}

Image VideoPictures::operator()(const AVFrame& frame) {
  const AVFrame& from = scaled(frame);
  Image image(width_, height_);
  if (from.format == AV_PIX_FMT_GBRP)
    interleave(from, image);
  else
    for (int y = 0; y < height_; ++y)
      std::copy_n(from.data[0] + std::ptrdiff_t{y} * from.linesize[0], 3 * std::ptrdiff_t{width_}, image.pixel(0, y));
  return upright(std::move(image), orientation_);
}

}  // namespace omma
