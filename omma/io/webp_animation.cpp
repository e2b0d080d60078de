// Animated WebP as a clip, through libwebp.
#include <webp/demux.h>

#include <cstring>

#include "omma/base/error.h"
#include "omma/io/clip_reader.h"
#include "omma/io/image_codec.h"
#include "omma/vision/orientation.h"

namespace omma {
namespace {

using Bytes = std::shared_ptr<const std::vector<std::uint8_t>>;

WebPData data_of(const Bytes& bytes) { return {bytes->data(), bytes->size()}; }

// Frames are painted over those before them, so that each is decoded in turn.
class WebpAnimation : public ClipReader {
 public:
  WebpAnimation(Bytes bytes, DecodingBudget& budget) : bytes_(std::move(bytes)), budget_(budget) {
    ImageLimits limits;
    limits.pixels = std::min(limits.pixels, budget.limits().frame_pixels);
    const ImageHeader header = read_webp_header(*bytes_, budget.name(), limits);
    stored_ = header.stored;
    orientation_ = header.orientation;
    const bool lies = orientation_ >= 5;
    contents_.width = lies ? stored_.height : stored_.width;
    contents_.height = lies ? stored_.width : stored_.height;
    contents_.codec = "webp";
    find_frames();
    open_decoder();
  }
  WebpAnimation(const WebpAnimation& other)
      : bytes_(other.bytes_),
        budget_(other.budget_),
        contents_(other.contents_),
        stored_(other.stored_),
        orientation_(other.orientation_) {
    open_decoder();
  }

  const ClipContents& contents() const override { return contents_; }
  bool follows(std::size_t, std::size_t) const override { return true; }
  std::size_t steps_to(std::size_t number) const override { return number + 1; }
  std::unique_ptr<ClipReader> another() const override { return std::make_unique<WebpAnimation>(*this); }

  DecodedFrame frame(std::size_t number) override {
    while (decoded_ <= number && !is_broken_) {
      budget_.expect_time();
      budget_.spend(stored_.width, stored_.height);
      int end = 0;
      is_broken_ = WebPAnimDecoderGetNext(decoder_.get(), &canvas_, &end) == 0;
      if (!is_broken_) ++decoded_;
    }
    check(decoded_ > 0, "{}: no frame could be decoded: the file is broken", budget_.name());
    Image image(stored_.width, stored_.height);
    for (std::size_t i = 0; i < image.data.size() / 3; ++i) std::memcpy(&image.data[3 * i], canvas_ + 4 * i, 3);
    return {.image = upright(std::move(image), orientation_), .is_damaged = decoded_ <= number};
  }

 private:
  void find_frames() {
    const WebPData data = data_of(bytes_);
    const std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)> demuxer(WebPDemux(&data), WebPDemuxDelete);
    check(demuxer != nullptr, "{}: no video that omma reads: the file is truncated or corrupt", budget_.name());
    budget_.expect_frames(WebPDemuxGetI(demuxer.get(), WEBP_FF_FRAME_COUNT));
    WebPIterator frame{};
    for (int more = WebPDemuxGetFrame(demuxer.get(), 1, &frame); more != 0; more = WebPDemuxNextFrame(&frame)) {
      constexpr int shortest = 11, instead = 100;  // milliseconds, as browsers have it
      contents_.times.push_back(contents_.duration);
      contents_.duration += (frame.duration < shortest ? instead : frame.duration) / 1000.0;
    }
    WebPDemuxReleaseIterator(&frame);
    check(!contents_.times.empty(), "{}: no video frames", budget_.name());
    budget_.expect_seconds(contents_.duration);
  }

  void open_decoder() {
    const WebPData data = data_of(bytes_);
    decoder_.reset(WebPAnimDecoderNew(&data, nullptr));
    check(decoder_ != nullptr, "{}: no video that omma reads: the file is truncated or corrupt", budget_.name());
  }

  struct DeleteDecoder {
    void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
  };

  Bytes bytes_;
  DecodingBudget& budget_;
  ClipContents contents_;
  ImageSize stored_;
  int orientation_ = 1;
  std::unique_ptr<WebPAnimDecoder, DeleteDecoder> decoder_;
  std::size_t decoded_ = 0;  // frames
  bool is_broken_ = false;
  std::uint8_t* canvas_ = nullptr;  // RGBA of the last one that was decoded: the decoder's
};

}  // namespace

bool begins_webp_animation(std::span<const std::uint8_t> beginning) {
  constexpr std::size_t flags = 20;
  constexpr std::uint8_t animation = 2;
  if (beginning.size() <= flags) return false;
  const std::string_view text(reinterpret_cast<const char*>(beginning.data()), flags);
  return text.starts_with("RIFF") && text.substr(8, 8) == "WEBPVP8X" && (beginning[flags] & animation) != 0;
}

std::unique_ptr<ClipReader> open_webp_animation(const ByteSource& source, DecodingBudget& budget) {
  const std::size_t limit = ImageLimits{}.file_bytes;
  check(static_cast<std::size_t>(source.size()) <= limit, "{}: expected at most {} bytes, got {}", budget.name(), limit,
        source.size());
  auto bytes = std::make_shared<const std::vector<std::uint8_t>>(first_bytes(source, source.size(), budget.name()));
  return std::make_unique<WebpAnimation>(std::move(bytes), budget);
}

}  // namespace omma
