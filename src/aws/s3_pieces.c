#include "aws/s3_pieces.h"

enum { AT_ONCE = 8 };

typedef struct Pieces Pieces;

/* A place for one piece on its way. */
typedef struct Slot {
    Pieces *pieces;
    S3Piece piece;
    Arena arena;
    AwsCall *call; /* NULL when nothing is on its way here */
} Slot;

struct Pieces {
    S3 *s3;
    const S3PieceJob *job;
    int64_t next_offset;
    int64_t next_number;
    int on_their_way;
    bool finished;
    Err failure; /* the first one */
    Slot slots[AT_ONCE];
};

static void fail(Pieces *pieces, const Err *failure) {
    if (pieces->failure.status == ST_OK) {
        pieces->failure = *failure;
    }
    pieces->finished = true;
}

static Status parse_piece(void *context, const HttpAnswer *answer, Err *err) {
    const Slot *slot = context;
    const S3PieceJob *job = slot->pieces->job;
    return job->accept(job->context, &slot->piece, answer, err);
}

static void send_next(Slot *slot);

static void on_piece(void *context, const HttpAnswer *answer, const Err *failure) {
    (void)answer;
    Slot *slot = context;
    Pieces *pieces = slot->pieces;
    slot->call = NULL;
    pieces->on_their_way--;
    if (failure != NULL) {
        fail(pieces, failure);
    } else if (!pieces->finished) {
        send_next(slot);
    }
}

static Status start_piece(Slot *slot, Err *err) {
    Pieces *pieces = slot->pieces;
    const S3PieceJob *job = pieces->job;
    AwsRequest request = AWS_REQUEST_NONE;
    TRY(job->prepare(job->context, &slot->piece, &request, err));
    request.timeout_ms = S3_TRANSFER_TIMEOUT_MS;
    request.parse = parse_piece;
    return call_start(pieces->s3->aws, &request, on_piece, slot, &slot->call, err);
}

/* Finishes when nothing is left to send and nothing on its way. */
static void send_next(Slot *slot) {
    Pieces *pieces = slot->pieces;
    const S3PieceJob *job = pieces->job;
    int64_t left = job->bytes - pieces->next_offset;
    Err err = {0};
    if (left <= 0) {
        pieces->finished = pieces->on_their_way == 0;
        return;
    }
    arena_reset(&slot->arena);
    slot->piece = (S3Piece){.number = pieces->next_number++,
                            .offset = pieces->next_offset,
                            .bytes = left < job->piece_bytes ? left : job->piece_bytes,
                            .arena = &slot->arena};
    pieces->next_offset += slot->piece.bytes;
    if (start_piece(slot, &err) != ST_OK) {
        fail(pieces, &err);
        return;
    }
    pieces->on_their_way++;
}

static void drop_all(Pieces *pieces) {
    for (size_t i = 0; i < AT_ONCE; i++) {
        if (pieces->slots[i].call != NULL) {
            call_drop(pieces->slots[i].call);
        }
        arena_done(&pieces->slots[i].arena);
    }
}

Status s3_pieces_run(S3 *s3, const S3PieceJob *job, Err *err) {
    Pieces pieces = {.s3 = s3, .job = job};
    ASSERT(job->bytes > 0 && job->piece_bytes > 0);
    for (size_t i = 0; i < AT_ONCE; i++) {
        pieces.slots[i].pieces = &pieces;
    }
    for (size_t i = 0; i < AT_ONCE && !pieces.finished && pieces.next_offset < job->bytes; i++) {
        send_next(&pieces.slots[i]);
    }
    Status status = pieces.finished ? ST_OK : aws_wait(s3->aws, &pieces.finished, err);
    drop_all(&pieces);
    if (pieces.failure.status != ST_OK && err != NULL) {
        *err = pieces.failure;
    }
    return pieces.failure.status != ST_OK ? pieces.failure.status : status;
}
