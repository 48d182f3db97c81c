SELECT annotation_key FROM annotation WHERE text = ?1;
