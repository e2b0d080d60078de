// H.264 or MPEG-4 in MP4, through FFmpeg's libraries. Without frames that refer to later ones: packets come in the order shown, so
// that each frame has its own time and the last one its duration.
extern "C" {
#include <libavutil/opt.h>
}

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/base/output_paths.h"
#include "omma/io/ffmpeg.h"
#include "omma/io/video_writer.h"
#include "omma/vision/resize.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

using namespace ffmpeg;

constexpr double shortest_step = 20e-6, longest_step = 3600;  // seconds; MPEG-4 counts at most an hour from frame to frame

struct CloseOutput {
  void operator()(AVFormatContext* container) const {
    avio_closep(&container->pb);
    avformat_free_context(container);
  }
};

const AVCodec* encoder_of(std::string_view codec, const fs::path& file) {
  check(codec.empty() || codec == "h264" || codec == "mpeg4", "{}: expected the codec h264 or mpeg4, got \"{}\"", file.string(),
        codec);
  const AVCodec* found = codec == "mpeg4" ? nullptr : avcodec_find_encoder_by_name("libx264");
  if (found == nullptr && codec != "h264") found = avcodec_find_encoder_by_name("mpeg4");
  check(found != nullptr, "{}: libavcodec has no encoder for {}", file.string(), codec.empty() ? "h264 or mpeg4" : codec);
  return found;
}

Frame new_frame(AVPixelFormat format, int width, int height) {
  Frame frame(allocated(av_frame_alloc()));
  frame->format = format;
  frame->width = width;
  frame->height = height;
  if (av_frame_get_buffer(frame.get(), 0) < 0) throw std::bad_alloc();
  return frame;
}

// As large as it goes into width x height, in the middle of black.
Image fitted(const Image& image, int width, int height, int threads) {
  const double scale = std::min(width / static_cast<double>(image.width), height / static_cast<double>(image.height));
  const auto scaled = [scale](int side, int most) { return std::clamp(static_cast<int>(std::lround(side * scale)), 1, most); };
  const Image inner =
      resize(image, scaled(image.width, width), scaled(image.height, height), Resample::bicubic, std::max(threads, 1));
  Image canvas(width, height);
  const int left = (width - inner.width) / 2, top = (height - inner.height) / 2;
  for (int y = 0; y < inner.height; ++y) std::copy_n(inner.pixel(0, y), 3 * inner.width, canvas.pixel(left, top + y));
  return canvas;
}

// Into a frame of as many pixels or one more each way, which repeat the last ones.
void copy_to(const Image& image, AVFrame& frame) {
  for (int y = 0; y < frame.height; ++y) {
    std::uint8_t* row = frame.data[0] + static_cast<std::ptrdiff_t>(y) * frame.linesize[0];
    const std::uint8_t* end = std::copy_n(image.pixel(0, std::min(y, image.height - 1)), 3 * image.width, row);
    if (frame.width > image.width) std::copy_n(end - 3, 3, row + 3 * image.width);
  }
}

}  // namespace

struct VideoWriter::State {
  fs::path name, file, partial;  // as given, where that leads, and what is written beside it
  int threads = 2;
  const AVCodec* codec = nullptr;
  std::unique_ptr<AVFormatContext, CloseOutput> container;
  AVStream* stream = nullptr;
  Codec encoder;  // of the first frame's size, null before there is one
  Scaler scaler;
  Frame rgb, yuv;
  Packet packet, waiting;  // the waiting one's duration is not known before the next one's time
  int width = 0, height = 0;
  double first_time = 0, last_time = 0;
  std::vector<std::int64_t> steps;  // ticks from frame to frame
  std::int64_t frames = 0, last_tick = 0;
  bool is_broken = false, is_finished = false;

  ~State() {
    std::error_code ignored;
    fs::remove(partial, ignored);
  }

  std::int64_t ticks(double seconds) const { return std::llround(seconds * encoder->time_base.den); }

  void expect(int result) {
    if (result >= 0) return;
    is_broken = true;
    fail_runtime("{}: cannot write: {}", name.string(), reason(result));
  }

  void expect_open() const {
    check(!is_finished, "{}: the video is finished", name.string());
    if (is_broken) fail_runtime("{}: cannot write: an earlier frame could not be written", name.string());
  }

  void open_file();
  void expect_time(double time) const;
  void open_encoder(const Image& first);
  void begin(const Image& first);
  void encode(const AVFrame* frame);
  void write(std::int64_t duration);
};

void VideoWriter::State::open_file() {
  const std::string url = "file:" + partial.string();
  AVFormatContext* made = nullptr;
  avformat_alloc_output_context2(&made, nullptr, "mp4", url.c_str());
  container.reset(allocated(made));
  container->flags |= AVFMT_FLAG_BITEXACT;
  expect(avio_open(&container->pb, url.c_str(), AVIO_FLAG_WRITE));
}

void VideoWriter::State::expect_time(double time) const {
  check(std::isfinite(time), "{}: a frame's time: expected seconds, got {}", name.string(), time);
  const double step = time - last_time;
  check(frames == 0 || (step >= shortest_step && step <= longest_step),
        "{}: a frame's time: expected {} seconds to an hour after {}, got {}", name.string(), shortest_step, last_time, time);
}

void VideoWriter::State::open_encoder(const Image& first) {
  const bool is_h264 = codec->id == AV_CODEC_ID_H264;
  const int longest_side = is_h264 ? 16'384 : 8190;  // else libx264 would fail, and leak
  check(std::max(first.width, first.height) <= longest_side, "{}: {}: expected frames of at most {} pixels a side, got {} x {}",
        name.string(), codec->name, longest_side, first.width, first.height);
  Codec opened(allocated(avcodec_alloc_context3(codec)));
  opened->width = first.width + first.width % 2;
  opened->height = first.height + first.height % 2;
  opened->pix_fmt = AV_PIX_FMT_YUV420P;
  opened->color_range = AVCOL_RANGE_MPEG;
  opened->colorspace = AVCOL_SPC_BT709;
  opened->color_primaries = AVCOL_PRI_BT709;
  opened->color_trc = AVCOL_TRC_BT709;
  opened->time_base = {1, is_h264 ? 120'000 : 60'000};  // the usual rates, 1001s too; MPEG-4 takes no more than 65535
  opened->framerate = {30, 1};  // of which libx264 makes the level that players look at, not the frames' times
  opened->max_b_frames = 0;
  opened->gop_size = 60;
  opened->thread_count = threads;
  opened->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (is_h264) {
    av_opt_set(opened->priv_data, "preset", "veryfast", 0);
    av_opt_set(opened->priv_data, "crf", "18", 0);
  } else {
    opened->flags |= AV_CODEC_FLAG_QSCALE;
    opened->global_quality = 2 * FF_QP2LAMBDA;
  }
  expect(avcodec_open2(opened.get(), codec, nullptr));
  encoder = std::move(opened);
}

void VideoWriter::State::begin(const Image& first) {
  open_encoder(first);
  width = first.width;
  height = first.height;
  packet.reset(allocated(av_packet_alloc()));
  waiting.reset(allocated(av_packet_alloc()));
  rgb = new_frame(AV_PIX_FMT_RGB24, encoder->width, encoder->height);
  yuv = new_frame(encoder->pix_fmt, encoder->width, encoder->height);
  scaler.reset(
      allocated(sws_getContext(rgb->width, rgb->height, AV_PIX_FMT_RGB24, yuv->width, yuv->height, encoder->pix_fmt,
                               SWS_BICUBIC | SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INP, nullptr, nullptr, nullptr)));
  const int* bt709 = sws_getCoefficients(SWS_CS_ITU709);
  sws_setColorspaceDetails(scaler.get(), bt709, 1, bt709, 0, 0, 1 << 16, 1 << 16);
  stream = allocated(avformat_new_stream(container.get(), nullptr));
  stream->time_base = encoder->time_base;
  expect(avcodec_parameters_from_context(stream->codecpar, encoder.get()));
  AVDictionary* options = nullptr;
  av_dict_set(&options, "movflags", "faststart", 0);
  const int result = avformat_write_header(container.get(), &options);
  av_dict_free(&options);
  expect(result);
}

// Null for the end.
void VideoWriter::State::encode(const AVFrame* frame) {
  expect(avcodec_send_frame(encoder.get(), frame));
  for (;;) {
    const int received = avcodec_receive_packet(encoder.get(), packet.get());
    if (received == AVERROR(EAGAIN) || received == AVERROR_EOF) return;
    expect(received);
    if (waiting->size > 0) write(packet->pts - waiting->pts);
    std::swap(packet, waiting);
  }
}

// The waiting packet, shown for `duration` ticks.
void VideoWriter::State::write(std::int64_t duration) {
  waiting->duration = duration;
  waiting->stream_index = stream->index;
  av_packet_rescale_ts(waiting.get(), encoder->time_base, stream->time_base);
  expect(av_write_frame(container.get(), waiting.get()));
  expect(container->pb->error);
  av_packet_unref(waiting.get());
}

void expect_video_name(const fs::path& file) {
  check(lower_extension(file) == ".mp4", "{}: expected a name that ends in .mp4", file.string());
}

VideoWriter::VideoWriter(fs::path file, int threads, std::string_view codec) : state_(std::make_unique<State>()) {
  expect_video_name(file);
  check(threads >= 1, "{}: expected at least one thread, got {}", file.string(), threads);
  expect_writable_file(file);
  const fs::path target = follow_links(file);
  check(!fs::exists(target) || fs::is_regular_file(target), "{}: expected the name of a file to write", file.string());
  av_log_set_level(AV_LOG_QUIET);  // what is wrong is told by errors
  state_->codec = encoder_of(codec, file);
  state_->threads = threads;
  state_->name = std::move(file);
  state_->file = target;
  state_->partial = partial_of(target);
  state_->open_file();
}

VideoWriter::~VideoWriter() = default;
VideoWriter::VideoWriter(VideoWriter&&) noexcept = default;

void VideoWriter::append(const Image& frame, double time) {
  State& state = *state_;
  state.expect_open();
  state.expect_time(time);
  check(frame.width >= 1 && frame.height >= 1, "{}: expected a frame, got {} x {} pixels", state.name.string(), frame.width,
        frame.height);
  if (state.encoder == nullptr) {
    state.begin(frame);
    state.first_time = time;
  }
  const bool fits = frame.width == state.width && frame.height == state.height;
  copy_to(fits ? frame : fitted(frame, state.width, state.height, state.threads), *state.rgb);
  state.expect(av_frame_make_writable(state.yuv.get()));
  state.expect(sws_scale(state.scaler.get(), state.rgb->data, state.rgb->linesize, 0, state.rgb->height, state.yuv->data,
                         state.yuv->linesize));
  state.yuv->pts = state.ticks(time - state.first_time);
  state.encode(state.yuv.get());
  if (state.frames > 0) state.steps.push_back(state.yuv->pts - state.last_tick);
  state.last_tick = state.yuv->pts;
  state.last_time = time;
  ++state.frames;
}

void VideoWriter::finish(std::optional<double> last) {
  State& state = *state_;
  state.expect_open();
  check(state.frames > 0, "{}: expected frames, got none", state.name.string());
  check(!last || (*last >= shortest_step && *last <= longest_step), "{}: the last frame: expected {} seconds to an hour, got {}",
        state.name.string(), shortest_step, last.value_or(0));
  std::vector<std::int64_t>& steps = state.steps;
  const auto middle = steps.begin() + std::ssize(steps) / 2;
  std::nth_element(steps.begin(), middle, steps.end());
  const std::int64_t duration = last ? state.ticks(*last) : steps.empty() ? state.ticks(1) : *middle;
  state.encode(nullptr);
  state.write(duration);
  state.expect(av_write_trailer(state.container.get()));
  state.expect(avio_closep(&state.container->pb));
  state.is_finished = true;
  publish_file(state.partial, state.file);
  state.partial.clear();  // published by now
}

std::int64_t VideoWriter::frames() const { return state_->frames; }
std::string_view VideoWriter::codec() const { return avcodec_get_name(state_->codec->id); }

}  // namespace omma
