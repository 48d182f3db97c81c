INSERT INTO annotation (text) VALUES (?1);
