-- The store of layers: a chained log, what each content is, and the rights to both.
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE SCHEMA tataruang;
CREATE SCHEMA tataruang_versi;
CREATE SCHEMA tataruang_layer;
COMMENT ON SCHEMA tataruang IS 'Log dan isi versi layer; jangan diubah dengan tangan';
COMMENT ON SCHEMA tataruang_versi IS 'Satu tabel untuk setiap isi; tidak pernah berubah';
COMMENT ON SCHEMA tataruang_layer IS 'Versi terbaru setiap layer, untuk QGIS';

CREATE TABLE tataruang.log (
    seq bigint PRIMARY KEY,
    entry text NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL UNIQUE
);
CREATE TABLE tataruang.content (
    id text PRIMARY KEY,
    form text NOT NULL,
    columns text NOT NULL,
    shown text NOT NULL
);
CREATE TABLE tataruang.chunk (
    content text NOT NULL,
    part integer NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (content, part)
);
CREATE TABLE tataruang.setting (
    name text PRIMARY KEY,
    value text NOT NULL
);

CREATE FUNCTION tataruang.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'tataruang: % tidak boleh diubah (%)', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON tataruang.log
    FOR EACH STATEMENT EXECUTE FUNCTION tataruang.refuse();

COMMENT ON COLUMN tataruang.content.columns IS 'Nama dan jenis kolom, JSON';
COMMENT ON COLUMN tataruang.content.shown IS 'Kueri yang menampilkan isi ini kepada SIG';

-- Roles belong to the whole server: another workspace may have made them already, and where
-- we may make none, the owner of the database reads and writes alone.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tataruang_reader') THEN
        CREATE ROLE tataruang_reader NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tataruang_writer') THEN
        CREATE ROLE tataruang_writer NOLOGIN IN ROLE tataruang_reader;
    END IF;
    EXECUTE format('GRANT tataruang_writer TO %I', current_user);
EXCEPTION
    WHEN insufficient_privilege OR duplicate_object OR invalid_grant_operation THEN
        RAISE NOTICE 'tataruang: roles were not made: %', SQLERRM;
END $$;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'tataruang_writer')
       AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'tataruang_reader') THEN
        GRANT USAGE ON SCHEMA tataruang, tataruang_versi, tataruang_layer TO tataruang_reader;
        GRANT SELECT ON ALL TABLES IN SCHEMA tataruang TO tataruang_reader;
        GRANT CREATE ON SCHEMA tataruang_versi, tataruang_layer TO tataruang_writer;
        ALTER DEFAULT PRIVILEGES FOR ROLE tataruang_writer IN SCHEMA tataruang_versi
            GRANT SELECT ON TABLES TO tataruang_reader;
        ALTER DEFAULT PRIVILEGES FOR ROLE tataruang_writer IN SCHEMA tataruang_layer
            GRANT SELECT ON TABLES TO tataruang_reader;
        GRANT INSERT ON tataruang.log TO tataruang_writer;
        GRANT INSERT, DELETE ON tataruang.content, tataruang.chunk TO tataruang_writer;
        BEGIN
            GRANT INSERT ON spatial_ref_sys TO tataruang_writer;
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE NOTICE 'tataruang: new reference systems need the owner of PostGIS';
        END;
    END IF;
END $$;
