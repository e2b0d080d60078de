// Clips of video files, through FFmpeg's libraries.
#include <algorithm>
#include <cmath>

#include "omma/base/error.h"
#include "omma/io/clip_reader.h"
#include "omma/io/video_codecs.h"
#include "omma/io/video_container.h"
#include "omma/io/video_picture.h"

namespace omma {
namespace {

using ffmpeg::allocated;
using ffmpeg::Frame;

std::int64_t time_of(const AVFrame& frame) { return frame.best_effort_timestamp; }

// What is known of a file before any frame is decoded: the same for all its readers.
struct VideoFacts {
  FrameTable table;
  ClipContents contents;
  int width = 0, height = 0;  // with square pixels: frames of another size are scaled to it
  int orientation = 1;
};

class VideoReader : public ClipReader {
 public:
  VideoReader(std::shared_ptr<const ByteSource> source, DecodingBudget& budget)
      : budget_(budget),
        container_(std::move(source), budget),
        facts_(find_facts()),
        decoder_(open_decoder()),
        pictures_(pictures()) {}
  VideoReader(const VideoReader& other)
      : budget_(other.budget_),
        container_(other.container_.source(), other.budget_),
        facts_(other.facts_),
        decoder_(open_decoder()),
        pictures_(pictures()) {}

  const ClipContents& contents() const override { return facts_->contents; }
  std::unique_ptr<ClipReader> another() const override { return std::make_unique<VideoReader>(*this); }

  bool follows(std::size_t last, std::size_t number) const override {
    const auto& frames = facts_->table.frames;
    return number == last + 1 || frames[number].key == frames[last].key;
  }

  std::size_t steps_to(std::size_t number) const override {
    const FrameTable& table = facts_->table;
    const std::int64_t key = table.frames[number].key;
    if (key < 0) return number + 1;
    const auto begin =
        std::ranges::lower_bound(table.frames, table.keys[static_cast<std::size_t>(key)].time, {}, &FrameTable::Frame::time);
    return static_cast<std::size_t>(
               std::max<std::ptrdiff_t>(0, table.frames.begin() + static_cast<std::ptrdiff_t>(number) - begin)) +
           1;
  }

  DecodedFrame frame(std::size_t number) override {
    const auto& frames = facts_->table.frames;
    const std::int64_t wanted = frames[number].time;
    if (last_ && follows(*last_, number))
      decode_until(wanted);
    else
      decode_anew(frames[number]);
    last_ = number;
    check(shown_ != nullptr, "{}: no frame could be decoded: the file is broken", budget_.name());
    const bool is_later = number + 1 < frames.size() && time_of(*shown_) >= frames[number + 1].time;
    const bool is_damaged = shown_->decode_error_flags != 0 || (shown_->flags & AV_FRAME_FLAG_CORRUPT) != 0;
    return {.image = pictures_(*shown_), .is_damaged = is_damaged || is_later || time_of(*shown_) < wanted};
  }

 private:
  std::shared_ptr<const VideoFacts> find_facts();
  ffmpeg::Decoder open_decoder() const;
  VideoPictures pictures() const { return {budget_.name(), facts_->width, facts_->height, facts_->orientation}; }

  // Where nothing can be decoded from the key frame on, what there is before it stands in.
  void decode_anew(const FrameTable::Frame& wanted) {
    for (std::int64_t back = 0;; back = 2 * back + 1) {
      const std::int64_t key = wanted.key - back;
      container_.seek(key < 0 ? nullptr : &facts_->table.keys[static_cast<std::size_t>(key)]);
      avcodec_flush_buffers(decoder_.get());
      shown_.reset();
      has_ended_ = false;
      decode_until(wanted.time);
      if (shown_ != nullptr || key < 0) return;
    }
  }

  void decode_until(std::int64_t wanted) {
    while (!has_ended_ && (shown_ == nullptr || time_of(*shown_) < wanted)) decode_next(wanted);
  }

  // Of those before `wanted` what nothing else is made of may be left out.
  void decode_next(std::int64_t wanted) {
    Frame frame(allocated(av_frame_alloc()));
    for (;;) {
      budget_.expect_time();
      const int received = avcodec_receive_frame(decoder_.get(), frame.get());
      if (received >= 0) break;
      if (received == AVERROR(ENOMEM)) throw std::bad_alloc();
      if (received == AVERROR_EOF) {
        has_ended_ = true;
        return;
      }
      if (received != AVERROR(EAGAIN)) continue;  // what is broken is left out
      const bool is_there = container_.read(*packet_);
      if (is_there)
        decoder_->skip_frame = packet_->pts != AV_NOPTS_VALUE && packet_->pts < wanted ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
      if (avcodec_send_packet(decoder_.get(), is_there ? packet_.get() : nullptr) == AVERROR(ENOMEM)) throw std::bad_alloc();
    }
    budget_.expect_size(frame->width, frame->height);
    budget_.spend(frame->width, frame->height);
    shown_ = std::move(frame);
  }

  DecodingBudget& budget_;
  VideoContainer container_;
  std::shared_ptr<const VideoFacts> facts_;
  ffmpeg::Decoder decoder_;
  VideoPictures pictures_;
  ffmpeg::Packet packet_{allocated(av_packet_alloc())};
  Frame shown_;                      // the last one that was decoded
  bool has_ended_ = false;           // there are no more
  std::optional<std::size_t> last_;  // the number asked for last
};

std::shared_ptr<const VideoFacts> VideoReader::find_facts() {
  auto facts = std::make_shared<VideoFacts>();
  facts->table = container_.find_frames();
  const AVStream& stream = container_.stream();
  const auto seconds = [&](double ticks) { return ticks * av_q2d(stream.time_base); };
  ClipContents& contents = facts->contents;
  const auto first = static_cast<double>(facts->table.frames.front().time);
  for (const FrameTable::Frame& frame : facts->table.frames)
    contents.times.push_back(seconds(static_cast<double>(frame.time) - first));
  const double last = contents.times.back();
  const auto intervals = static_cast<double>(contents.times.size() - 1);
  contents.duration = last + (facts->table.last_duration > 0 ? seconds(static_cast<double>(facts->table.last_duration))
                              : intervals > 0                ? last / intervals
                                                             : 0);
  budget_.expect_seconds(contents.duration);
  contents.claimed = std::max<std::int64_t>(0, stream.nb_frames);
  contents.codec = avcodec_get_name(stream.codecpar->codec_id);

  const AVRational aspect = container_.pixel_aspect();
  const double ratio = aspect.num > 0 && aspect.den > 0 ? av_q2d(aspect) : 1;
  const double width = stream.codecpar->width * std::max(1.0, ratio), height = stream.codecpar->height / std::min(1.0, ratio);
  budget_.expect_size(static_cast<std::int64_t>(std::min(width, 1e9)), static_cast<std::int64_t>(std::min(height, 1e9)));
  facts->width = static_cast<int>(std::lround(width));
  facts->height = static_cast<int>(std::lround(height));
  check(facts->width > 0 && facts->height > 0, "{}: no video that omma reads: it does not tell its frames' size", budget_.name());
  facts->orientation = container_.orientation();
  const bool lies = facts->orientation >= 5;
  contents.width = lies ? facts->height : facts->width;
  contents.height = lies ? facts->width : facts->height;
  return facts;
}

ffmpeg::Decoder VideoReader::open_decoder() const {
  const AVStream& stream = container_.stream();
  const AVCodec* codec = avcodec_find_decoder(stream.codecpar->codec_id);
  check(codec != nullptr, "{}: no video that omma reads: its codec is {}", budget_.name(),
        avcodec_get_name(stream.codecpar->codec_id));
  ffmpeg::Decoder decoder(allocated(avcodec_alloc_context3(codec)));
  decoder->codec_whitelist = allocated(av_strdup(video_codecs));
  if (avcodec_parameters_to_context(decoder.get(), stream.codecpar) < 0) throw std::bad_alloc();
  decoder->pkt_timebase = stream.time_base;
  decoder->max_pixels = budget_.limits().frame_pixels;
  decoder->thread_count = 1;  // with more, what a damaged frame looks like is a matter of luck
  if (const int error = avcodec_open2(decoder.get(), codec, nullptr); error < 0) container_.refuse(error);
  return decoder;
}

}  // namespace

std::unique_ptr<ClipReader> open_video_container(std::shared_ptr<const ByteSource> source, DecodingBudget& budget) {
  return std::make_unique<VideoReader>(std::move(source), budget);
}

}  // namespace omma
