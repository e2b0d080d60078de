// WebP through libwebp. Of an animation, the first frame on its canvas.
#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>

#include "omma/io/image_codec.h"
#include "omma/io/image_format.h"
#include "omma/io/orientation_tags.h"

namespace omma {
namespace {

using Demuxer = std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)>;

// The first chunk of a kind, where it lies in the file; empty where there is none.
WebPData chunk_of(const WebPDemuxer* demuxer, const char* kind) {
  WebPChunkIterator chunk{};
  if (WebPDemuxGetChunk(demuxer, kind, 1, &chunk) == 0) return {nullptr, 0};
  const WebPData data = chunk.chunk;
  WebPDemuxReleaseChunkIterator(&chunk);
  return data;
}

int orientation(const WebPDemuxer* demuxer) {
  const WebPData exif = chunk_of(demuxer, "EXIF"), xmp = chunk_of(demuxer, "XMP ");
  return stored_orientation({exif.bytes, exif.size}, {reinterpret_cast<const char*>(xmp.bytes), xmp.size});
}

Image decode_still(std::span<const std::uint8_t> bytes, int width, int height, std::string_view name) {
  Image image(width, height);
  check(WebPDecodeRGBInto(bytes.data(), bytes.size(), image.data.data(), image.data.size(), 3 * width) != nullptr,
        "{}: WebP: the file is truncated or corrupt", name);
  return image;
}

Image decode_first_frame(std::span<const std::uint8_t> bytes, int width, int height, std::string_view name) {
  const WebPData data{bytes.data(), bytes.size()};
  const std::unique_ptr<WebPAnimDecoder, decltype(&WebPAnimDecoderDelete)> decoder(WebPAnimDecoderNew(&data, nullptr),
                                                                                   WebPAnimDecoderDelete);
  std::uint8_t* rgba = nullptr;  // owned by the decoder
  int timestamp = 0;
  check(decoder != nullptr && WebPAnimDecoderGetNext(decoder.get(), &rgba, &timestamp) != 0,
        "{}: WebP: the animation's first frame is truncated or corrupt", name);
  Image image(width, height);
  const std::size_t pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  for (std::size_t i = 0; i < pixels; ++i) std::copy_n(rgba + 4 * i, 3, image.data.data() + 3 * i);
  return image;
}

}  // namespace

std::string_view supported_image_formats() { return "JPEG, PNG, WebP, GIF, BMP or TIFF"; }

ImageHeader read_webp_header(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  const WebPData data{bytes.data(), bytes.size()};
  const Demuxer demuxer(WebPDemux(&data), WebPDemuxDelete);  // fails for a file that is not whole
  check(demuxer != nullptr, "{}: WebP: the file is truncated or corrupt", name);
  const std::int64_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  const std::int64_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
  check_image_size(width, height, name, limits);
  return {{static_cast<int>(width), static_cast<int>(height)}, orientation(demuxer.get())};
}

DecodedImage decode_webp(std::span<const std::uint8_t> bytes, std::string_view name, const ImageLimits& limits) {
  const auto [canvas, orientation] = read_webp_header(bytes, name, limits);
  WebPBitstreamFeatures features{};
  check(WebPGetFeatures(bytes.data(), bytes.size(), &features) == VP8_STATUS_OK, "{}: WebP: the file is corrupt", name);
  check(features.width == canvas.width && features.height == canvas.height,
        "{}: WebP: the canvas is {} x {} pixels, the picture {} x {}", name, canvas.width, canvas.height, features.width,
        features.height);
  const auto decode = features.has_animation != 0 ? decode_first_frame : decode_still;
  return {decode(bytes, features.width, features.height, name), orientation};
}

}  // namespace omma
