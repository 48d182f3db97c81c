/* Pieces of a file that travel side by side, within the aws layer: some are on their way at once,
 * and when one has arrived, the next one leaves. Used in both directions. */
#ifndef AWS_S3_PIECES_H
#define AWS_S3_PIECES_H

#include "aws/s3_client.h"

typedef struct S3Piece {
    int64_t number; /* from 0 */
    int64_t offset;
    int64_t bytes;
    Arena *arena; /* for the texts of its request */
} S3Piece;

typedef struct S3PieceJob {
    int64_t bytes; /* of the whole; more than 0 */
    int64_t piece_bytes;
    /* Makes the request complete. A piece that fails is asked for again by its call: this is called
     * once. */
    Status (*prepare)(void *context, const S3Piece *piece, AwsRequest *request, Err *err);
    /* Looks at the answer; as AwsParse. */
    Status (*accept)(void *context, const S3Piece *piece, const HttpAnswer *answer, Err *err);
    void *context;
} S3PieceJob;

/* Until all have arrived, or one has failed for good: then those on their way are dropped. */
Status s3_pieces_run(S3 *s3, const S3PieceJob *job, Err *err) WARN_UNUSED;

#endif
